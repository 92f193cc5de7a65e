/* What the admin adds to Unfold: keys that do not fire while somebody types or chooses, and small conveniences. */
(() => {
	"use strict";

	const STORE = "singleKeys";

	/* Unfold's own listener fires single letters inside a native select, and cannot be switched off
	   (WCAG 2.1.4). It is taken out of the bindings before Alpine reads them. */
	document.addEventListener("alpine:init", () => {
		const original = window.theme;
		window.theme = (...args) => {
			const data = original(...args);
			delete data.themeBindings["x-on:keydown.window"];
			return data;
		};
	});

	const shell = () => window.Alpine.$data(document.documentElement);

	function singleKeysWork() {
		try {
			return localStorage.getItem(STORE) !== "off";
		} catch {
			return true;
		}
	}

	function busyWithKeys(target) {
		return target.isContentEditable || target.closest("input, textarea, select, [role=combobox], [role=listbox]");
	}

	function dialogIsOpen() {
		const data = shell();
		return data.openModal || data.shortcutsOpen || data.openCommandResults;
	}

	/* --- Forms: Ctrl-S saves, Ctrl-Enter sends ------------------------------------------------------------- */
	function mainForm() {
		return document.activeElement.closest("#main form") || document.querySelector("#content form[method=post]");
	}

	function submit(event, name) {
		const form = mainForm();
		if (!form) {
			return;
		}
		event.preventDefault();
		const button = form.querySelector(`[name="${name}"]`) || form.querySelector("[type=submit]");
		form.requestSubmit(button || undefined);
	}

	/* --- Lists: J and K walk, X selects -------------------------------------------------------------------- */
	const rows = () => [...document.querySelectorAll("#result_list tbody tr")].filter((row) => row.querySelector("th a, td a"));

	function walk(step) {
		const all = rows();
		if (!all.length) {
			return;
		}
		const now = all.findIndex((row) => row.contains(document.activeElement));
		const next = now < 0 ? (step > 0 ? 0 : all.length - 1) : Math.min(all.length - 1, Math.max(0, now + step));
		all[next].querySelector("th a, td a").focus();
		all[next].scrollIntoView({ block: "nearest" });
	}

	function select() {
		const row = rows().find((candidate) => candidate.contains(document.activeElement));
		const box = row && row.querySelector("input.action-select");
		if (box) {
			box.click();
		}
	}

	const SINGLE = {
		"/": () => document.getElementById("searchbar")?.focus(),
		"?": () => {
			shell().shortcutsOpen = true;
		},
		"[": () => shell().sidebarToggle(),
		f: () => document.querySelector(".filter-open-button")?.click(),
		c: () => document.querySelector(".addlink")?.click(),
		j: () => walk(1),
		k: () => walk(-1),
		x: select,
	};

	document.addEventListener("keydown", (event) => {
		if (event.defaultPrevented || event.isComposing) {
			return;
		}
		if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey) {
			if (event.key === "s") {
				submit(event, "_save");
			} else if (event.key === "Enter" && busyWithKeys(event.target)) {
				if (!event.target.closest(".command")) {
					submit(event, "_save");
				}
			}
			return;
		}
		if (event.ctrlKey || event.metaKey || event.altKey || !singleKeysWork()) {
			return;
		}
		const action = SINGLE[event.key];
		if (action && !busyWithKeys(event.target) && !dialogIsOpen()) {
			event.preventDefault();
			action();
		}
	});

	/* --- What is set once the page is there ---------------------------------------------------------------- */
	function silenceIcons(within) {
		/* The icon font draws words such as "chevron_right", which nobody should hear. */
		for (const icon of within.querySelectorAll(".material-symbols-outlined:not([aria-hidden])")) {
			icon.setAttribute("aria-hidden", "true");
		}
	}

	function nameSelects(within) {
		/* select2 hides the labelled select and shows a combobox without a name. */
		for (const select of within.querySelectorAll("select.select2-hidden-accessible")) {
			const label = select.labels?.[0]?.textContent.replace("*", "").trim() || select.getAttribute("aria-label");
			const shown = select.nextElementSibling?.querySelector(".select2-selection");
			if (!label || !shown) {
				continue;
			}
			for (const part of [shown, ...shown.querySelectorAll("[role=textbox], input")]) {
				if (part.getAttribute("aria-label") !== label || part.hasAttribute("aria-labelledby")) {
					part.removeAttribute("aria-labelledby");
					part.setAttribute("aria-label", label);
				}
			}
		}
	}

	function followSystemTheme() {
		/* Unfold reads the system's choice once; evenings come while a page is open. */
		window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", (event) => {
			if (shell().adminTheme === "auto") {
				document.documentElement.classList.toggle("dark", event.matches);
			}
		});
	}

	function singleKeySwitches() {
		for (const box of document.querySelectorAll("[data-single-keys]")) {
			box.checked = singleKeysWork();
			box.addEventListener("change", () => {
				localStorage.setItem(STORE, box.checked ? "on" : "off");
				for (const other of document.querySelectorAll("[data-single-keys]")) {
					other.checked = box.checked;
				}
			});
		}
	}

	function modifierNames() {
		if (!/Mac|iP(hone|ad)/.test(navigator.platform)) {
			return;
		}
		for (const key of document.querySelectorAll("[data-modifier-key]")) {
			key.textContent = `⌘ ${key.dataset.modifierKey}`;
		}
	}

	function copyButtons() {
		for (const button of document.querySelectorAll("[data-copy]")) {
			button.addEventListener("click", async () => {
				const source = document.getElementById(button.dataset.copy);
				source.select();
				await navigator.clipboard.writeText(source.value);
				button.textContent = button.dataset.copied;
			});
		}
	}

	function hueSlider() {
		const slider = document.querySelector("[data-hue-slider]");
		const sample = document.querySelector(".hue-sample");
		if (!slider || !sample) {
			return;
		}
		const show = () => sample.style.setProperty("--hue", slider.value);
		slider.addEventListener("input", show);
		show();
	}

	function plainFileFields() {
		/* Unfold writes a chosen file's name into a text field beside its own file fields; others have none. */
		for (const input of document.querySelectorAll("input[type=file]")) {
			if (!input.parentNode.parentNode.parentNode.querySelector("input[type=text]")) {
				input.hasChangeListener = true;
			}
		}
	}

	function watchSelects() {
		/* select2 comes when it likes, and writes its names anew after each choice. */
		nameSelects(document);
		new MutationObserver((changes) => {
			if (changes.some((change) => change.target.closest?.(".select2") || [...change.addedNodes].some((node) => node.matches?.(".select2, .select2 *")))) {
				nameSelects(document);
			}
		}).observe(document.body, { childList: true, subtree: true });
	}

	document.addEventListener("DOMContentLoaded", () => {
		document.getElementById("content")?.setAttribute("tabindex", "-1");
		document.getElementById("main")?.setAttribute("role", "main");
		document.querySelector("#nav-sidebar-inner")?.setAttribute("aria-label", document.title.split("|").pop().trim());
		document.querySelector("#nav-sidebar-inner a.active")?.setAttribute("aria-current", "page");
		silenceIcons(document);
		singleKeySwitches();
		modifierNames();
		copyButtons();
		hueSlider();
		plainFileFields();
		watchSelects();
		followSystemTheme();
		document.addEventListener("focusin", (event) => {
			if (event.target.matches(".select2-search__field")) {
				event.target.setAttribute("aria-label", event.target.getAttribute("aria-label") || document.title);
			}
		});
		document.body.addEventListener("htmx:afterSwap", (event) => silenceIcons(event.target));
	});
})();
