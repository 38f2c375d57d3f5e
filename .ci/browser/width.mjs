// Whether a page fits its window.

/** What makes a page wider than its window. */
export function tooWide(page) {
  return page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    if (scrollWidth <= clientWidth) return [];
    const culprits = [...document.querySelectorAll("main *, header *, footer *")].filter(
      (element) => element.getBoundingClientRect().right > clientWidth + 1 && !element.closest(".scroll, .code"),
    );
    const named = culprits.map((element) => `${element.tagName}.${element.getAttribute("class") ?? ""}`);
    return `is ${scrollWidth} wide in ${clientWidth}: ${named.slice(0, 5).join(", ")}`;
  });
}
