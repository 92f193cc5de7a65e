// N and P turn the page of a list. Single keys follow the switch of the profile page (WCAG 2.1.4).
(() => {
    "use strict";
    const PAGES = { n: "next", p: "prev" };

    function singleKeysWork() {
        try {
            return localStorage.getItem("singleKeys") !== "off";
        } catch {
            return true;
        }
    }

    document.addEventListener("keydown", (event) => {
        if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || !singleKeysWork()) return;
        const rel = PAGES[event.key];
        if (!rel || event.target.closest("input, textarea, select, [contenteditable], [role=combobox]")) return;
        document.querySelector(`.record-pages a[rel=${rel}]`)?.click();
    });
})();
