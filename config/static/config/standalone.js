/* The pages without the admin: the organisation's colour, the chosen theme, and "go back". */
(() => {
	"use strict";

	const root = document.documentElement;
	const hue = Number.parseInt(root.dataset.hue, 10);
	if (Number.isInteger(hue)) {
		root.style.setProperty("--hue", String(hue));
	}
	try {
		/* Unfold keeps the choice under this name, as JSON. */
		const theme = JSON.parse(localStorage.getItem("adminTheme") || '"auto"');
		if (theme === "light" || theme === "dark") {
			root.dataset.theme = theme;
		}
	} catch {
		/* Storage may be switched off or hold something else: the system's theme it is. */
	}

	document.addEventListener("DOMContentLoaded", () => {
		for (const button of document.querySelectorAll("[data-back]")) {
			button.hidden = window.history.length < 2;
			button.addEventListener("click", () => window.history.back());
		}
	});
})();
