// What is wrong with the look of a page, one line each: what is compared are boxes, colours and
// words, never pictures. Called with the kinds of faults to look for.

kinds => {
    const root = document.querySelector("dialog:modal") ?? document.body;
    const found = new Set();
    const remembered = make => {
        const known = new Map();
        return it => known.has(it) ? known.get(it) : known.set(it, make(it)).get(it);
    };
    const style = remembered(it => getComputedStyle(it));
    const box = remembered(it => it.getBoundingClientRect());
    const in_admin = location.pathname.startsWith("/admin/");

    // Of the admin's pages only what we put there: the rest is Django's own.
    const ours = it => !in_admin || it.closest(".cabinet");

    function name(it) {
        const marks = [it.id && `#${it.id}`, ...[...it.classList].map(each => `.${each}`)];
        const words = it.textContent.trim().replace(/\s+/g, " ").slice(0, 40);
        return `${it.localName}${marks.filter(Boolean).join("")}${words && ` “${words}”`}`;
    }

    // Put aside for those who listen: one pixel, or far to the left until it has the focus.
    const aside = remembered(it => {
        if (!it || it === document.documentElement) return false;
        const of = style(it), at = box(it);
        const cut = of.clipPath === "inset(50%)" || (of.overflow !== "visible" && at.width <= 1);
        return cut || (of.position === "absolute" && at.right <= 0) || aside(it.parentElement);
    });
    const seen = remembered(it =>
        it.checkVisibility({ visibilityProperty: true, opacityProperty: true }) && !aside(it));

    const scrolls = (it, axis) => /auto|scroll/.test(style(it)[`overflow${axis}`]);
    const clips = it => style(it).overflow !== "visible" && !(it instanceof SVGElement);
    // The part of the screen in which what stands in an element can be seen.
    const pane = remembered(it => {
        if (!it || it === document.documentElement || it === document.body) return null;
        const own = clips(it) ? box(it) : null, outer = pane(it.parentElement);
        return own && outer ? common(own, outer) : own ?? outer;
    });

    function common(a, b) {
        const left = Math.max(a.left, b.left), right = Math.min(a.right, b.right);
        const top = Math.max(a.top, b.top), bottom = Math.min(a.bottom, b.bottom);
        return { left, right, top, bottom, width: right - left, height: bottom - top };
    }

    const TEXTLESS = "script, style, noscript, template, option, textarea, title, desc";
    const CONTROLS = "button, input:not([type=hidden]), select, textarea, summary, progress, img, svg, .button";
    const range = document.createRange();

    function texts() {
        const all = [], walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
        while (walker.nextNode()) {
            const node = walker.currentNode, it = node.parentElement;
            if (!node.data.trim() || it.closest(TEXTLESS) || !seen(it)) continue;
            range.selectNodeContents(node);
            all.push({ it, node, lines: [...range.getClientRects()].filter(each => each.width > 0.5) });
        }
        return all;
    }

    const all_texts = texts();
    const controls = [...root.querySelectorAll(CONTROLS)].filter(seen);

    // Letters are lower than the line that holds them.
    function letters(line) {
        const spare = line.height * 0.15;
        const { left, right, width } = line, top = line.top + spare, bottom = line.bottom - spare;
        return { left, right, width, top, bottom, height: bottom - top };
    }

    const boxes = [
        ...all_texts.flatMap(({ it, node, lines }) =>
            lines.map(line => ({ it, what: node, at: letters(line), text: true }))),
        ...controls.map(it => ({ it, what: it, at: box(it), text: false })),
    ];

    function overlap() {
        const parts = [];
        for (const each of boxes) {
            const around = pane(each.text ? each.it : each.it.parentElement);
            const at = around ? common(each.at, around) : each.at;
            if (at.width > 1 && at.height > 1) parts.push({ ...each, at });
        }
        parts.sort((a, b) => a.at.top - b.at.top);
        parts.forEach((a, index) => {
            for (let next = index + 1; next < parts.length; next++) {
                const b = parts[next];
                if (b.at.top > a.at.bottom - 2) break;
                const both = common(a.at, b.at);
                if (both.width <= 2 || both.height <= 2 || a.what === b.what) continue;
                if (related(a, b) || lifted(a.it, b.it) || lifted(b.it, a.it)) continue;
                found.add(`overlap: ${name(a.it)} and ${name(b.it)}`);
            }
        });
    }

    const related = (a, b) =>
        (!a.text && a.it.contains(b.it)) || (!b.text && b.it.contains(a.it));

    // In a menu that lies over the page, on a ground of its own.
    function lifted(it, other) {
        for (let each = it; each && !each.contains(other); each = each.parentElement) {
            const lies = /absolute|fixed/.test(style(each).position);
            if (lies && rgba(style(each).backgroundColor)[3] === 1) return true;
        }
        return false;
    }

    function outside() {
        const page = document.documentElement;
        if (page.scrollWidth > innerWidth) found.add(`wider than the screen: ${page.scrollWidth} px`);
        for (const { it, at } of boxes.filter(each => ours(each.it))) {
            const scroller = up(it, each => scrolls(each, "X"));
            if (!scroller && (at.right > innerWidth + 1 || at.left < -1))
                found.add(`outside the screen: ${name(it)}`);
        }
    }

    function up(it, holds) {
        while (it && it !== document.documentElement && it !== document.body) {
            if (holds(it)) return it;
            it = it.parentElement;
        }
        return null;
    }

    const BLOCKS = "table, dl, ul, ol, figure, form, fieldset, section, pre, p, h1, h2, h3, div";

    function reach() {
        const blocks = [...root.querySelectorAll(BLOCKS)].filter(it => seen(it) && box(it).width > 0);
        for (const it of blocks) reaches(it, it.parentElement, box(it), false);
        for (const { it, at, text } of boxes) reaches(it, text ? it : it.parentElement, at, true);
        for (const it of new Set(blocks.map(each => each.parentElement)))
            if (ours(it) && /grid|flex/.test(style(it).display)) columns([...it.children].filter(seen));
    }

    // One thing that reaches over a box is enough to tell.
    const told = new Set();
    function once(holder, fault) {
        if (!told.has(holder)) found.add(fault);
        told.add(holder);
    }

    function columns(beside) {
        beside = beside.filter(it => !/absolute|fixed/.test(style(it).position));
        beside.forEach((a, index) => {
            for (const b of beside.slice(index + 1)) {
                const both = common(box(a), box(b));
                if (both.width > 2 && both.height > 2) found.add(`reaches over: ${name(a)} over ${name(b)}`);
            }
        });
    }

    // Out of whatever holds it, up to what scrolls or lies over the page.
    function reaches(it, holder, at, downwards) {
        if (!ours(it) || /absolute|fixed/.test(style(it).position)) return;
        let spare = it === holder ? 0 : bleed(it);
        for (let each = holder; each && each !== document.body; spare += bleed(each), each = each.parentElement) {
            const of = style(each);
            if (each instanceof SVGElement || /^(inline|contents)$/.test(of.display)) continue;
            const own = box(each);
            const wide = at.right > own.right + spare + 1.5 || at.left < own.left - spare - 1.5;
            const high = at.bottom > own.bottom + 2 || at.top < own.top - 2;
            if (wide && !scrolls(each, "X")) return void once(each, `reaches over: ${name(it)} over ${name(each)}`);
            if (high && downwards && !scrolls(each, "Y")) return void once(each, `higher than its box: ${name(it)} in ${name(each)}`);
            if (scrolls(each, "X") || scrolls(each, "Y") || /absolute|fixed/.test(of.position)) return;
        }
    }

    // How far a box is meant to stand out on each side, into the margin of the page.
    const bleed = it => Math.max(0, -parseFloat(style(it).marginLeft) || 0);

    function cut() {
        const cutting = new Set();
        for (const { it } of all_texts.filter(each => ours(each.it))) up(it, each => void (clips(each) && cutting.add(each)));
        for (const it of cutting) {
            const cuts = axis => /hidden|clip/.test(style(it)[`overflow${axis}`]);
            const wide = cuts("X") && it.scrollWidth > it.clientWidth + 1;
            const high = cuts("Y") && it.scrollHeight > it.clientHeight + 1;
            if (!/^inline$/.test(style(it).display) && (wide || high)) found.add(`cut: ${name(it)}`);
        }
        for (const it of root.querySelectorAll("select")) if (seen(it) && shortened(it)) found.add(`cut: ${name(it)}`);
    }

    function shortened(select) {
        const of = style(select), paint = document.createElement("canvas").getContext("2d");
        paint.font = of.font;
        const text = select.selectedOptions[0]?.text ?? "";
        const arrow = of.appearance === "none" ? 0 : 20;
        const room = select.clientWidth - parseFloat(of.paddingLeft) - parseFloat(of.paddingRight);
        return paint.measureText(text).width > room - arrow + 2;
    }

    const WHOLE = "button, .button, h1, h2, h3, h4, nav a, nav span, th, dt, legend, summary, label";

    function words() {
        for (const { it, node, lines } of all_texts) {
            if (lines.length < 2 || !it.closest(WHOLE)) continue;
            for (const word of node.data.matchAll(/[^\s\u00ad\u200b\-‐–—\/@.]+/g)) {
                range.setStart(node, word.index);
                range.setEnd(node, word.index + word[0].length);
                const tops = [...range.getClientRects()].filter(each => each.width > 0.5).map(each => each.top);
                if (Math.max(...tops) - Math.min(...tops) > 5) found.add(`broken word: ${word[0]} in ${name(it)}`);
            }
        }
    }

    const TARGETS = "a[href], button, input:not([type=hidden]), select, textarea, summary, [role=button]";

    // WCAG 2.2, 2.5.8: large enough, or far enough from the next one.
    function targets() {
        if (in_admin) return; // Django's own, and axe looks at them
        const all = [...root.querySelectorAll(TARGETS)].filter(seen).map(it => ({ it, at: target(it) }));
        const small = all.filter(({ it, at }) => (at.width < 23.5 || at.height < 23.5) && !in_text(it));
        for (const { it, at } of small) {
            const near = all.filter(other => other.it !== it && !other.it.contains(it) && !it.contains(other.it))
                .some(other => crowded(at, other.at, small.some(each => each.it === other.it)));
            if (near) found.add(`small target: ${name(it)}, ${size(at)}`);
        }
    }

    // What of the page leads there: a label too, or all of a row.
    function target(it) {
        const spread = ["::before", "::after"].some(each => {
            const of = getComputedStyle(it, each);
            return of.content !== "none" && of.position === "absolute";
        });
        const around = spread && up(it, each => /relative|absolute/.test(style(each).position));
        const all = [it, ...(it.labels ?? []), ...(around ? [around] : [])].map(box);
        return all.reduce((a, b) => a.width * a.height > b.width * b.height ? a : b);
    }

    function crowded(at, other, small) {
        const x = (at.left + at.right) / 2, y = (at.top + at.bottom) / 2;
        const away = (value, least, most) => Math.max(least - value, 0, value - most);
        const [across, down] = small
            ? [x - (other.left + other.right) / 2, y - (other.top + other.bottom) / 2]
            : [away(x, other.left, other.right), away(y, other.top, other.bottom)];
        return Math.hypot(across, down) < (small ? 23.5 : 11.5);
    }

    const size = at => `${Math.round(at.width)} × ${Math.round(at.height)} px`;

    // A link in a line of text is as high as the text.
    function in_text(it) {
        if (style(it).display !== "inline") return false;
        const block = up(it.parentElement, each => !/^inline/.test(style(each).display));
        const rest = [...block?.querySelectorAll("a") ?? []].reduce(
            (text, each) => text.replace(each.textContent, ""), block?.textContent ?? "");
        return /\p{L}{2}/u.test(rest);
    }

    const paint = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
    const rgba = remembered(colour => {
        const plain = colour.match(/^rgba?\((\d+), (\d+), (\d+)(?:, ([\d.]+))?\)$/);
        if (plain) return [+plain[1], +plain[2], +plain[3], +(plain[4] ?? 1)];
        paint.clearRect(0, 0, 1, 1);
        paint.fillStyle = colour;
        paint.fillRect(0, 0, 1, 1);
        const [r, g, b, a] = paint.getImageData(0, 0, 1, 1).data;
        return [r, g, b, a / 255];
    });
    const over = ([r, g, b, a], under) => [...[r, g, b].map((each, i) => each * a + under[i] * (1 - a)), 1];
    const light = ([r, g, b]) => [r, g, b].map(each => each / 255)
        .map(each => each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4)
        .reduce((sum, each, i) => sum + each * [0.2126, 0.7152, 0.0722][i], 0);
    const ratio = (a, b) => {
        const [darker, lighter] = [light(a), light(b)].sort((x, y) => x - y);
        return (lighter + 0.05) / (darker + 0.05);
    };

    // What may lie under an element's text: one colour, or those of a gradient.
    const grounds = remembered(it => {
        if (!it) return [matchMedia("(prefers-color-scheme: dark)").matches ? [18, 18, 18, 1] : [255, 255, 255, 1]];
        const own = rgba(style(it).backgroundColor);
        const plain = own[3] === 1 ? [own] : grounds(it.parentElement).map(each => over(own, each));
        const colours = style(it).backgroundImage.match(/(?:rgba?|color|oklch|oklab|lab)\([^)]*\)/g) ?? [];
        return colours.length ? colours.flatMap(each => plain.map(under => over(rgba(each), under))) : plain;
    });
    const opacity = remembered(it => it ? style(it).opacity * opacity(it.parentElement) : 1);

    function contrast() {
        const looked_at = new Set(), strong = matchMedia("(prefers-contrast: more)").matches;
        const figure = it => it.closest("td, .sum-figure") && !in_admin
            && !it.closest("a, button, .zero, .quiet, .tag, .mark, .state, thead, [class*=level]");
        const written = [...all_texts, ...controls.filter(it => it.value && it.matches("input, select, textarea"))
            .map(it => ({ it, node: { data: it.value } }))];
        for (const { it, node } of written) {
            const wanted = strong || (figure(it) && /\d/.test(node.data)) ? 7 : 4.5;
            if (looked_at.has(it) && wanted < 7) continue;
            looked_at.add(it);
            const of = style(it), drawn = it instanceof SVGElement;
            const rimmed = drawn && of.stroke !== "none" && of.paintOrder.startsWith("stroke");
            const under = rimmed ? [rgba(of.stroke)] : grounds(it);
            const [r, g, b, a] = rgba(drawn ? of.fill : of.color);
            const least = Math.min(...under.map(each => ratio(over([r, g, b, a * opacity(it)], each), each)));
            if (least < wanted) found.add(`contrast ${least.toFixed(2)} < ${wanted}: ${name(it)}`);
        }
        for (const it of root.querySelectorAll("input:not([type=hidden], [type=file]), select, textarea"))
            if (seen(it) && !in_admin && edge(it) < 3) found.add(`contrast of the edge ${edge(it).toFixed(2)} < 3: ${name(it)}`);
    }

    function edge(it) {
        if (style(it).appearance !== "none" && /checkbox|radio/.test(it.type)) return 21;
        return Math.max(...grounds(it.parentElement).map(each => ratio(rgba(style(it).borderBottomColor), each)));
    }

    function outline() {
        const headings = [...root.querySelectorAll("h1, h2, h3, h4, h5, h6")].filter(
            it => it.checkVisibility({ visibilityProperty: true }));
        const firsts = headings.filter(it => it.localName === "h1");
        if (root === document.body && firsts.length !== 1) found.add(`${firsts.length} h1`);
        headings.reduce((before, it) => {
            const level = +it.localName[1];
            if (before && level > before + 1) found.add(`skips a level: ${name(it)} after h${before}`);
            return level;
        }, 0);
        landmarks();
        for (const it of root.querySelectorAll("img"))
            if (seen(it) && ours(it) && !(it.hasAttribute("width") && it.hasAttribute("height"))) found.add(`without a size: ${name(it)}`);
        for (const it of root.querySelectorAll("svg"))
            if (seen(it) && !it.hasAttribute("viewBox") && !it.hasAttribute("height") && !it.querySelector("use")) found.add(`without a size: ${name(it)}`);
    }

    function landmarks() {
        for (const kind of ["nav", "aside", "main", "body > header", "body > footer", "section[aria-label], section[aria-labelledby]"]) {
            const those = [...document.querySelectorAll(kind)].filter(it => it.checkVisibility());
            const named = those.map(it => it.getAttribute("aria-label")
                ?? document.getElementById(it.getAttribute("aria-labelledby") ?? "")?.textContent.trim());
            those.forEach((it, index) => {
                const alone = named[index] && named.indexOf(named[index]) === named.lastIndexOf(named[index]);
                if (those.length > 1 && !alone) found.add(`no name of its own: ${name(it)}`);
            });
        }
    }

    function focus() {
        const before = document.activeElement;
        for (const it of root.querySelectorAll(`${TARGETS}, [tabindex='0']`)) {
            if (it.disabled || !it.checkVisibility({ visibilityProperty: true })) continue;
            it.focus({ preventScroll: true, focusVisible: true });
            if (document.activeElement === it) ring(it);
        }
        before?.focus?.({ preventScroll: true });
        if (before === document.body) document.activeElement.blur();
    }

    // Read anew: with the focus an element looks otherwise.
    function ring(it) {
        const of = getComputedStyle(it), width = parseFloat(of.outlineWidth);
        const drawn = of.outlineStyle === "auto" || (of.outlineStyle !== "none" && width >= 2);
        if (!drawn && (!ours(it) || of.boxShadow !== "none")) return;
        if (!drawn) return void found.add(`no focus ring: ${name(it)}`);
        const clear = Math.max(...grounds(it.parentElement).map(each => ratio(rgba(of.outlineColor), each)));
        if (clear < 3 && of.outlineStyle !== "auto") found.add(`focus ring hardly seen: ${name(it)}`);
        if (!ours(it)) return;
        const at = it.getBoundingClientRect(), spread = width + parseFloat(of.outlineOffset);
        if (at.left - spread < -1 || at.right + spread > innerWidth + 1) return void found.add(`focus ring cut by the screen: ${name(it)}`);
        up(it.parentElement, each => {
            if (!clips(each)) return false;
            const own = each.getBoundingClientRect();
            const sides = [[at.left, own.left], [own.right, at.right], [at.top, own.top], [own.bottom, at.bottom]];
            // Where it can be scrolled to, it is not cut.
            if (sides.some(([a, b]) => a - b >= -1 && a - b < spread - 1)) once(each, `focus ring cut: ${name(it)} by ${name(each)}`);
            return true;
        });
    }

    for (const each of document.getAnimations())
        if (isFinite(each.effect.getComputedTiming().endTime)) each.finish();
    const look = { overlap, outside, reach, cut, words, targets, contrast, outline, focus };
    for (const kind of kinds) look[kind]();
    return [...found];
}
