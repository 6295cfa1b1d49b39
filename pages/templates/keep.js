(gate) => {
"use strict";

/* One for each window, and none in a page that another site frames: there a
   person cannot know whose question they answer. */
const installed = Symbol.for("samlgate.keep");
try {
	if (window[installed] || window.top.location.origin !== location.origin) return;
} catch {
	return;
}
window[installed] = true;

const words = gate.words, keep = gate.prefix + "/keep", here = "?for=" + encodeURIComponent(location.pathname);
const channel = "BroadcastChannel" in window ? new BroadcastChannel("samlgate") : null;
const most = 24 * 60 * 60 * 1000, ask = 10 * 1000, retry = 15 * 1000, rarely = 5 * 60 * 1000;

let state = "unknown";  /* unknown, nobody, in, warned, out */
let person = null;      /* opaque marks: one of them stays while it is the same person */
let idleEnd = 0, end = 0, lead = 0; /* on this browser's clock, in ms */
let asked = 0, timer = 0, pause = retry, dismissed = "";
let queue = Promise.resolve(), waiting = 0;

/* look asks how long the session lives, which is no use of it; POST uses it. They
   go one by one: of those who only want to know, one that waits is enough. */
const look = (method) => {
	if (!method && waiting > 0) return queue;
	waiting++;
	return queue = queue.then(() => { waiting--; return lookOnce(method); });
};

const lookOnce = async (method) => {
	clearTimeout(timer);
	try {
		asked = Date.now();
		const answer = await fetch(keep + here, {method: method || "GET", headers: {Accept: "application/json"}, cache: "no-store", credentials: "same-origin", redirect: "error"});
		if (answer.status === 401) over();
		else if (answer.ok) lives(await answer.json());
		else again(retry);
	} catch {
		again(retry); /* nobody knows, and nothing is claimed */
	}
};

const again = (ms) => { timer = setTimeout(() => look(), ms); };

const lives = (got) => {
	if (person && !got.person.some((mark) => person.includes(mark))) { /* what is on the page is not theirs */
		location.reload();
		return;
	}
	person = got.person;
	idleEnd = asked + got.idle_ends_in * 1000;
	end = asked + got.ends_in * 1000;
	const idle = got.idle_timeout * 1000;
	lead = Math.min(120000, Math.max(20000, idle / 5), idle / 2);
	if (state === "out") {
		dismissed = "";
		dispatchEvent(new CustomEvent("samlgate:signed-in"));
	}
	wait();
};

/* wait shows what there is to say now, and comes back when that changes. */
const wait = () => {
	clearTimeout(timer);
	const left = Math.min(idleEnd, end) - Date.now();
	if (left > lead) {
		state = "in";
		hide();
		again(Math.min(left - lead, most));
		return;
	}
	state = "warned";
	warn(end <= idleEnd ? "end" : "idle", left);
	if (Date.now() - asked >= (left > 0 ? ask : 1000)) again(1000);
	else timer = setTimeout(wait, 1000);
};

const over = () => {
	if (state === "unknown" || state === "nobody") { /* a page for everybody */
		state = "nobody";
		return;
	}
	if (state !== "out") {
		dismissed = "";
		pause = retry;
		dispatchEvent(new CustomEvent("samlgate:signed-out"));
	}
	state = "out";
	show("out", words.over, words.over_what, words.sign_in, signIn);
	/* Somebody may sign in elsewhere. A page that nobody sees looks when it is seen. */
	if (document.visibilityState === "visible") again(pause);
	pause = Math.min(pause * 2, rarely);
};

const stay = () => {
	look("POST").then(() => channel && channel.postMessage("look"));
};

const signIn = () => {
	const page = keep + "/sign-in" + here;
	if (!open(page, "samlgate", "popup,width=520,height=720")) dialog.link(page);
};

const warn = (kind, left) => {
	const when = left > 0 ? inWords(left) : words.soon;
	if (kind === "idle") show("idle", words.idle_title, words.idle.replace("{when}", when), words.stay, stay);
	else show("end", words.end_title, words.end.replace("{when}", when), "", null);
};

const inWords = (ms) => {
	const s = Math.ceil(ms / 1000), format = new Intl.RelativeTimeFormat(gate.lang);
	return s > 90 ? format.format(Math.round(s / 60), "minute") : format.format(s, "second");
};

/* The dialog stands in a tree of its own: the page's style does not reach it,
   and no inline style or script is needed, whatever policy the page has. */
const make = () => {
	const host = document.createElement("div"), sheet = new CSSStyleSheet();
	host.id = "samlgate-keep";
	sheet.replaceSync(gate.style);
	const root = host.attachShadow({mode: "open"});
	root.adoptedStyleSheets = [sheet];
	const add = (to, tag, set) => Object.assign(to.appendChild(document.createElement(tag)), set);
	const box = add(root, "dialog", {lang: gate.lang});
	box.setAttribute("role", "alertdialog");
	box.setAttribute("aria-labelledby", "title");
	box.setAttribute("aria-describedby", "what");
	const title = add(box, "h2", {id: "title", tabIndex: -1, autofocus: true}), what = add(box, "p", {id: "what"});
	const foot = add(box, "div"), go = add(foot, "button", {type: "button", className: "first"}), no = add(foot, "button", {type: "button"});
	let act = null, kind = "";
	go.addEventListener("click", () => act && act());
	no.addEventListener("click", () => { dismissed = kind; box.close(); });
	box.addEventListener("cancel", () => { dismissed = kind; });
	return {
		show: (as, head, text, label, action) => {
			if (kind !== as) { /* opened anew, so that it is read out */
				box.close();
				title.textContent = head;
				go.textContent = label;
				go.hidden = !label;
				no.textContent = label ? words.later : words.understood;
				act = action;
				kind = as;
			}
			if (what.textContent !== text && !(as === "out" && what.firstElementChild)) what.textContent = text;
			if (dismissed === as) return;
			if (!host.isConnected) document.body.append(host);
			if (!box.open) box.showModal();
		},
		hide: () => {
			if (box.open) box.close();
			dismissed = "";
		},
		/* The browser forbade the window: a link is the person's own to open. */
		link: (page) => {
			what.textContent = "";
			add(what, "a", {href: page, target: "_blank", rel: "opener", textContent: words.sign_in});
		},
	};
};

let dialog = null;
const show = (...what) => {
	if (!document.body) return;
	(dialog = dialog || make()).show(...what);
};
const hide = () => dialog && dialog.hide();

if (channel) channel.onmessage = () => look();
document.addEventListener("visibilitychange", () => {
	if (document.visibilityState !== "visible") return;
	if (state === "out") dismissed = "";
	look();
});
addEventListener("pageshow", (e) => e.persisted && look());
look();
}
