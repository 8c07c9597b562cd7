package report_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"divims/internal/report"
)

var screenshots = flag.String("screenshots", "", "folder for a screenshot of every page")

// window is how a page is shown.
type window struct {
	language  string
	dark      bool
	width     int
	scriptOff bool
}

func (b window) String() string {
	theme := "light"
	if b.dark {
		theme = "dark"
	}
	return fmt.Sprintf("%s-%s-%d", b.language, theme, b.width)
}

// TestPageInChromium shows several pools in several windows and checks that the
// console has no error, that nothing is wider than the window, and that every text
// has enough contrast. DIVIMS_TEST_CHROMIUM is the path of Chromium.
func TestPageInChromium(t *testing.T) {
	browser := startBrowser(t)
	for name, pool := range map[string]campus{
		"empty": emptyPool(), "small": busyPool(3, 300), "usual": busyPool(12, 1200), "forecast": withForecast(busyPool(12, 1200)), "large": busyPool(200, 22000),
		"alarmed": alarmed(busyPool(12, 1200)), "alarmed-large": alarmed(busyPool(200, 22000)), "blind": blinded(busyPool(12, 1200)),
	} {
		address := serve(t, pool.status())
		for _, b := range []window{
			{language: "en", width: 1400}, {language: "fr", width: 1400, dark: true},
			{language: "fr", width: 390}, {language: "en", width: 390, dark: true}, {language: "en", width: 820},
			{language: "en", width: 1400, scriptOff: true},
		} {
			t.Run(fmt.Sprintf("%s-%v", name, b), func(t *testing.T) { browser.look(t, address, name, b) })
		}
	}
}

// serve serves the page with the same headers as the function.
func serve(t *testing.T, status report.Status) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", report.PagePolicy)
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		if err := status.Page(w, r.Header.Get("Accept-Language")); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// browser is a headless Chromium.
type browser struct{ context context.Context }

// pageTimeout limits the test of one page on a busy machine.
const pageTimeout = 2 * time.Minute

func startBrowser(t *testing.T) browser {
	t.Helper()
	program := os.Getenv("DIVIMS_TEST_CHROMIUM")
	if program == "" {
		t.Skip("DIVIMS_TEST_CHROMIUM is not set; .ci/page sets it")
	}
	allocator, cancel := chromedp.NewExecAllocator(context.Background(),
		chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck, chromedp.Headless,
		chromedp.NoSandbox, // containers run this as root, and the pages are our own
		chromedp.ExecPath(program), chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-gpu", true), chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true), chromedp.Flag("hide-scrollbars", true),
		chromedp.Flag("disable-dev-shm-usage", true))
	t.Cleanup(cancel)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("start %s: %v", program, err)
	}
	return browser{ctx}
}

// look opens a page in a new tab and examines it.
func (b browser) look(t *testing.T, address, name string, how window) {
	tab, cancel := chromedp.NewContext(b.context)
	defer cancel()
	tab, cancel = context.WithTimeout(tab, pageTimeout)
	defer cancel()
	console := listen(tab, t)
	prepare(tab, t, how)
	if err := chromedp.Do(tab, chromedp.Navigate(address)); err != nil {
		t.Fatalf("open the page: %v", err)
	}
	if *screenshots != "" && name != "alarmed-large" { // too tall for a screenshot
		picture, err := chromedp.Run(tab, chromedp.FullScreenshot(100))
		if err = errors.Join(err, os.WriteFile(filepath.Join(*screenshots, fmt.Sprintf("%s-%v.png", name, how)), picture, 0o644)); err != nil {
			t.Error(err)
		}
	}
	findings, err := chromedp.Run(tab, chromedp.Evaluate[[]string](examine))
	if err != nil {
		t.Fatalf("examine the page: %v", err)
	}
	for _, finding := range append(findings, console()...) {
		t.Error(finding)
	}
}

// prepare sets a tab's language, theme and width.
func prepare(tab context.Context, t *testing.T, how window) {
	t.Helper()
	scheme := "light"
	if how.dark {
		scheme = "dark"
	}
	_, err1 := chromedp.Call(tab, emulation.SetUserAgentOverride, emulation.SetUserAgentOverrideParams{UserAgent: "test", AcceptLanguage: how.language})
	_, err2 := chromedp.Call(tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
	_, err3 := chromedp.Call(tab, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
		Width: int64(how.width), Height: 900, DeviceScaleFactor: 1, Mobile: how.width < 500})
	_, err4 := chromedp.Call(tab, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: how.scriptOff})
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		t.Fatalf("prepare a tab: %v", err)
	}
}

// listen collects a tab's console messages and exceptions from now on.
func listen(tab context.Context, t *testing.T) (messages func() []string) {
	t.Helper()
	var mutex sync.Mutex
	var all []string
	err := chromedp.Listen(tab, func(event any) {
		mutex.Lock()
		defer mutex.Unlock()
		switch e := event.(type) {
		case *log.EventEntryAdded:
			all = append(all, "console: "+e.Entry.Text)
		case *runtime.EventExceptionThrown:
			all = append(all, "exception: "+e.ExceptionDetails.Text)
		case *runtime.EventConsoleAPICalled:
			all = append(all, "console: "+string(e.Type))
		}
	})
	_, err1 := chromedp.Call(tab, log.Enable, cdp.Empty{})
	_, err2 := chromedp.Call(tab, runtime.Enable, cdp.Empty{})
	if err := errors.Join(err, err1, err2); err != nil {
		t.Fatalf("listen to the console: %v", err)
	}
	return func() []string {
		mutex.Lock()
		defer mutex.Unlock()
		return all
	}
}

// examine opens all details and returns what is wrong with a page. The page must not
// be wider than the window, and texts must have the contrast of WCAG 2.2 (1.4.3): 4.5
// to 1, or 3 to 1 for large text.
const examine = `(() => {
	const found = [];
	for (const d of document.querySelectorAll("details")) d.open = true;
	if (document.documentElement.scrollWidth > innerWidth) {
		const wide = [...document.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest(".scroll, svg"));
		found.push("wider than the window: " + document.documentElement.scrollWidth + " px of " + innerWidth + ", by " + wide.slice(0, 5).map(e => e.outerHTML.slice(0, 80)).join(" | "));
	}
	const channel = c => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
	const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
	const read = text => { const n = text.match(/[\d.]+/g).map(Number); return n.length < 4 ? [...n, 1] : n; };
	const over = (a, b) => [0, 1, 2].map(i => a[i] * a[3] + b[i] * (1 - a[3])).concat(1);
	const behind = e => {
		const layers = [];
		for (; e; e = e.parentElement) layers.push(read(getComputedStyle(e).backgroundColor));
		return layers.reverse().reduce((b, a) => over(a, b), [255, 255, 255, 1]);
	};
	const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
	let texts = 0;
	for (let node; node = walker.nextNode();) {
		const e = node.parentElement;
		if (!node.data.trim() || e.closest("title, style") || !e.getClientRects().length) continue;
		texts++;
		const style = getComputedStyle(e), size = parseFloat(style.fontSize);
		const back = behind(e), front = over(read(e.closest("svg") ? style.fill : style.color), back);
		const [a, b] = [light(front), light(back)].sort((a, b) => b - a);
		const ratio = (a + 0.05) / (b + 0.05);
		const wanted = size >= 24 || size >= 18.66 && style.fontWeight >= 700 ? 3 : 4.5;
		if (ratio < wanted) found.push("contrast of " + ratio.toFixed(2) + ": " + node.data.trim().slice(0, 60));
		if (size < 11) found.push("text of " + size + " px: " + node.data.trim().slice(0, 60));
	}
	if (texts < 7) found.push("only " + texts + " texts are shown");
	if (document.querySelectorAll("script").length) found.push("there is a script");
	if (getComputedStyle(document.body).maxWidth === "none") found.push("the style is not applied");
	const levels = [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")].map(h => +h.tagName[1]);
	levels.forEach((l, i) => { if (i && l > levels[i - 1] + 1) found.push("a heading of level " + l + " follows one of " + levels[i - 1]); });
	for (const th of document.querySelectorAll("th:not([scope])")) found.push("a heading without a scope: " + th.textContent);
	for (const img of document.querySelectorAll("[role=img]:not([aria-label])")) found.push("an image without a label");
	const ids = [...document.querySelectorAll("[id]")].map(e => e.id);
	for (const ref of document.querySelectorAll("[aria-labelledby]")) if (!ids.includes(ref.getAttribute("aria-labelledby"))) found.push("labelled by a missing element: " + ref.getAttribute("aria-labelledby"));
	if (new Set(ids).size !== ids.length) found.push("an id is used twice");
	return found;
})()`

// TestPageIsSmall checks that the page stays below 300 kB, also if everything is wrong.
func TestPageIsSmall(t *testing.T) {
	for name, pool := range map[string]campus{"200 servers": busyPool(200, 22000), "and all of it wrong": alarmed(busyPool(200, 22000))} {
		for _, language := range []string{"en", "fr"} {
			var text strings.Builder
			if err := pool.status().Page(&text, language); err != nil {
				t.Fatal(err)
			}
			if text.Len() >= 300_000 {
				t.Errorf("%s, %s: %d bytes", name, language, text.Len())
			}
			t.Logf("%s, %s: %d bytes", name, language, text.Len())
		}
	}
}
