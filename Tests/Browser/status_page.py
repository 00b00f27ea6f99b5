"""Opens the status page in a real Chromium, light and dark, wide and narrow, signed out and in: screenshots to look at, and
what axe-core finds against WCAG 2.2 AA, what scrolls sideways, what the browser complains of. What axe leaves open, the contrast
of text in drawings, is computed here, against all that may lie behind it. Ends with 1 where there is any.

apt install chromium; pip install playwright axe-playwright-python
python3 Tests/Browser/status_page.py http://127.0.0.1:9142/ TOKEN FOLDER     (a daemon that has read something, with a token)
"""
import json, sys, pathlib
from playwright.sync_api import sync_playwright
import axe_playwright_python
url, token, out = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
axe = next(pathlib.Path(axe_playwright_python.__file__).parent.rglob("axe*.js")).read_text()
# The least contrast (WCAG 2.2, 1.4.3) of the elements that selectors name.
contrast = """selectors => Math.min(21, ...selectors.map(selector => {
  const element = document.querySelector(selector), drawing = element.closest("svg");
  const light = colour => {
    const parts = colour.match(/[\\d.]+/g).slice(0, 3).map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
  };
  let behind = element;
  while (getComputedStyle(behind).backgroundColor === "rgba(0, 0, 0, 0)") behind = behind.parentElement;
  const grounds = [getComputedStyle(behind).backgroundColor];
  if (drawing) drawing.querySelectorAll(".area").forEach(area => grounds.push(getComputedStyle(area).fill));
  const own = light(drawing ? getComputedStyle(element).fill : getComputedStyle(element).color);
  return Math.min(...grounds.map(light).map(ground => (Math.max(own, ground) + 0.05) / (Math.min(own, ground) + 0.05)));
}))"""
bad = 0
with sync_playwright() as p:
    browser = p.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
    for scheme in ("light", "dark"):
        for width in (1280, 360):
            context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 900}, bypass_csp=True)
            page = context.new_page()
            errors = []
            page.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
            page.on("pageerror", lambda e: errors.append(str(e)))
            def look(name):
                global bad
                # Pictures come when they are scrolled to; all of them belong on the screenshot.
                page.evaluate("document.querySelectorAll('img').forEach(image => image.loading = 'eager')")
                page.wait_for_timeout(2500)
                page.screenshot(path=out / f"{name}-{scheme}-{width}.png", full_page=True)
                page.evaluate(axe)
                found = page.evaluate("axe.run({runOnly: ['wcag2a','wcag2aa','wcag21a','wcag21aa','wcag22aa']})")
                left_open = [n["target"][0] for v in found["incomplete"] if v["id"] == "color-contrast" for n in v["nodes"]]
                least = round(page.evaluate(contrast, left_open), 2) if left_open else None
                others = [v["id"] for v in found["incomplete"] if v["id"] != "color-contrast"]
                wide = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
                print(name, scheme, width, "violations:", [(v["id"], len(v["nodes"]), v["nodes"][0]["html"][:120]) for v in found["violations"]], "passes:", len(found["passes"]), "left open:", [(v["id"], len(v["nodes"])) for v in found["incomplete"]], "of which the least contrast is", least, "scrolls sideways:", wide, "errors:", errors)
                bad += len(found["violations"]) + wide + len(errors) + len(others) + (least is not None and least < 4.5)
            page.goto(url); look("public")
            page.goto(url + "sign-in"); look("sign-in")
            page.keyboard.press("Tab")
            page.fill("#token", token); page.keyboard.press("Enter")
            page.wait_for_url(url)
            look("overview")
            print("live:", page.inner_text("#live"))
            link = page.query_selector(".studies a[href^='/study/']:not([tabindex])")
            if link: link.click(); page.wait_for_load_state(); look("study")
            context.close()
    browser.close()
sys.exit(1 if bad else 0)
