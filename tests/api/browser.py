"""A real browser: Chromium without a window, each with a profile of its own, so with a session of its own."""
import contextlib

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from system import wait_for

OPTIONS = (
    "--headless=new",
    "--no-sandbox",  # Chromium refuses to sandbox what root started
    "--disable-dev-shm-usage",  # where /dev/shm is small, as in containers
    "--disable-gpu",
    "--no-proxy-server",
    "--disable-background-networking",  # nothing but what the test asks for
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--window-size=1000,800",
)


class Browser:
    def __init__(self, url, token=None):
        options = webdriver.ChromeOptions()
        options.binary_location = "/usr/bin/chromium"
        for option in OPTIONS:
            options.add_argument(option)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.url = url
        self.driver = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)
        self.driver.set_page_load_timeout(60)
        if token:
            self.open("/openapi.json")
            self.driver.add_cookie({"name": "access_token", "value": token, "httpOnly": True, "sameSite": "Lax"})

    def open(self, path):
        self.driver.get(self.url + path if path.startswith("/") else path)

    def path(self):
        return self.driver.current_url.removeprefix(self.url)

    def find(self, css):
        return self.driver.find_elements(By.CSS_SELECTOR, css)

    def text(self, css):
        return " ".join(element.text for element in self.find(css))

    def click(self, css):
        wait_for(css, lambda: self.find(css), 20)
        self.find(css)[0].click()

    def wait_text(self, css, words):
        wait_for(f"'{words}' at {css}", lambda: words in self.text(css), 60)

    def complaints(self):
        """What the console has to say: errors of scripts, what the page's policy forbade."""
        return [entry["message"] for entry in self.driver.get_log("browser") if "favicon" not in entry["message"]]


@contextlib.contextmanager
def browser(url, token=None):
    one = Browser(url, token)
    try:
        yield one
    finally:
        one.driver.quit()
