"""Opens the status page in a real Chromium, light and dark, wide and narrow, signed out and in: screenshots to look at, and
what axe-core finds against WCAG 2.2 AA, what scrolls sideways, what the browser complains of. Ends with 1 where there is any.

apt install chromium; pip install playwright axe-playwright-python
python3 Tests/Browser/status_page.py http://127.0.0.1:9142/ TOKEN FOLDER     (a daemon that has read something, with a token)
"""
import json, sys, pathlib
from playwright.sync_api import sync_playwright
import axe_playwright_python
url, token, out = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
axe = next(pathlib.Path(axe_playwright_python.__file__).parent.rglob("axe*.js")).read_text()
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
                page.wait_for_timeout(2500)
                page.screenshot(path=out / f"{name}-{scheme}-{width}.png", full_page=True)
                page.evaluate(axe)
                found = page.evaluate("axe.run({runOnly: ['wcag2a','wcag2aa','wcag21a','wcag21aa','wcag22aa']})")
                wide = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
                print(name, scheme, width, "violations:", [(v["id"], len(v["nodes"]), v["nodes"][0]["html"][:120]) for v in found["violations"]], "passes:", len(found["passes"]), "incomplete:", [v["id"] for v in found["incomplete"]], "scrolls sideways:", wide, "errors:", errors)
                bad += len(found["violations"]) + wide + len(errors)
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
