"use strict";
(() => {
  // What data.rs writes: texts once, everything else as numbers into them.
  const data = JSON.parse(document.getElementById("data").textContent);
  const { texts, policies, identities, statements, kinds } = data;
  const P = { name: 0, kind: 1, source: 2, scope: 3, count: 4, holders: 5, accounts: 6 };
  const S = { policy: 0, index: 1, denies: 2, actions: 3, resources: 4, terms: 5, principals: 6 };
  const $ = (id) => document.getElementById(id);
  const [view, rows, form, status] = [$("view"), $("rows"), $("filters"), $("count")];
  const figures = new Intl.NumberFormat("en");
  const figure = (number) => figures.format(number);

  // Text of a bundle only ever becomes a text node. Characters that are not seen, or that turn the
  // direction of what follows, are shown as replaced.
  const shown = (text) => text.replace(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g, "\ufffd");
  const make = (tag, name, text) => {
    const element = document.createElement(tag);
    if (name) element.className = name;
    if (text !== undefined) element.textContent = shown(text);
    return element;
  };
  // `ROOT/USER` in a narrow cell: what tells identities apart comes first.
  const brief = (name) => {
    const [, root, own] = name.match(/^(\d+)\/(.+)$/) || [null, "", name];
    return data.accounts.length > 1 && root !== "" ? `${own} of ${root}` : own;
  };
  const label = (identity) => texts[identities[identity][0]];
  const kindOf = (statement) => kinds[policies[statement[S.policy]][P.kind]];

  // Who a statement is about, in a few words and in full.
  const whoOf = (statement) => {
    const policy = policies[statement[S.policy]];
    const names = policy[P.holders].map(label);
    switch (kindOf(statement)) {
      case "resource": return { title: "Admits", list: statement[S.principals].map((at) => texts[at]) };
      case "trust": return { title: "Admits", list: statement[S.principals].map((at) => texts[at]), roles: names };
      case "boundary": return { title: "Bounds", list: names, count: policy[P.count] };
      case "scp": return { title: "Binds accounts", list: policy[P.accounts].map((at) => texts[data.accounts[at]]) };
      default: return { title: "Held by", list: names, count: policy[P.count] };
    }
  };

  // Search: every word must stand somewhere in a statement. Its text is made when it is first asked for.
  const haystacks = new Array(statements.length);
  const haystack = (at) => {
    if (haystacks[at] === undefined) {
      const statement = statements[at];
      const policy = policies[statement[S.policy]];
      const parts = [texts[policy[P.name]] + "#" + statement[S.index], kindOf(statement), statement[S.denies] ? "deny" : "allow"];
      for (const list of [S.actions, S.resources, S.terms, S.principals]) {
        for (const text of statement[list]) parts.push(texts[text]);
      }
      if (policy[P.scope] >= 0) parts.push(texts[policy[P.scope]]);
      haystacks[at] = parts.join("\n").toLowerCase();
    }
    return haystacks[at];
  };
  const names = identities.map((identity) => texts[identity[0]].toLowerCase());
  // Policies whose holders have a word in their name; a whole name means just that identity.
  const heldBy = (word) => {
    const found = new Set();
    const holders = new Set();
    const whole = names.includes(word);
    names.forEach((name, at) => { if (whole ? name === word : name.includes(word)) holders.add(at); });
    if (holders.size > 0) {
      policies.forEach((policy, at) => { if (policy[P.holders].some((holder) => holders.has(holder))) found.add(at); });
    }
    return found;
  };
  // Whether a statement of a trust or resource policy names an identity, or everyone.
  const admits = (who) => {
    const [root, ...own] = who.split("/");
    const texts = new Set(["*", "qcs::cam::anyone:anyone", `qcs::cam::uin/${root}:${own.length > 1 ? `roleName/${own[1]}` : `uin/${own[0]}`}`]);
    const entries = new Set();
    data.texts.forEach((text, at) => { if (texts.has(text)) entries.add(at); });
    return (statement) => statement[S.principals].some((at) => entries.has(at));
  };
  const services = (statement) => statement[S.actions].map((at) => { const text = texts[at]; const end = text.indexOf(":"); return end < 0 ? "*" : text.slice(0, end); });

  let found = [];
  const filter = () => {
    const [who, service, effect, kind] = ["who", "service", "effect", "kind"].map((id) => $(id).value.trim());
    const words = $("q").value.toLowerCase().split(/\s+/).filter(Boolean).map((word) => [word, heldBy(word)]);
    const holds = who === "" ? null : heldBy(who.toLowerCase());
    const named = who === "" ? null : admits(who);
    found = [];
    statements.forEach((statement, at) => {
      if (effect !== "" && (effect === "deny") !== (statement[S.denies] === 1)) return;
      if (kind !== "" && kindOf(statement) !== kind) return;
      if (service !== "" && !services(statement).includes(service)) return;
      if (holds !== null && !holds.has(statement[S.policy]) && !named(statement)) return;
      if (words.every(([word, held]) => held.has(statement[S.policy]) || haystack(at).includes(word))) found.push(at);
    });
    const count = make("b", "", figure(found.length));
    const rest = found.length === statements.length ? " statements" : ` of ${figure(statements.length)} statements`;
    const left = data.total - statements.length;
    status.replaceChildren(count, rest + (left > 0 ? `; ${figure(left)} more are not in the page` : "") + (data.cut && (holds || words.length) ? "; some policies do not list who holds them" : ""));
    view.scrollTop = 0;
    layout();
  };

  // Only the rows that can be seen are in the page.
  let height = 70;
  let drawn = "";
  let narrow = false;
  const layout = () => {
    narrow = matchMedia("(max-width: 640px)").matches;
    height = parseFloat(getComputedStyle(document.documentElement).getPropertyValue("--row")) || 70;
    rows.style.height = `${found.length * height}px`;
    view.classList.toggle("short", found.length * height < 400);
    drawn = "";
    draw();
  };
  const draw = () => {
    const first = Math.max(0, Math.floor(view.scrollTop / height) - 6);
    const last = Math.min(found.length, Math.ceil((view.scrollTop + view.clientHeight) / height) + 6);
    const now = `${first} ${last}`;
    if (now === drawn) return;
    drawn = now;
    const fresh = document.createDocumentFragment();
    for (let at = first; at < last; at += 1) fresh.append(row(at));
    if (found.length === 0) fresh.append(make("p", "empty", "No statement has all of that."));
    rows.style.height = found.length === 0 ? "auto" : rows.style.height;
    rows.replaceChildren(fresh);
  };
  const cell = (title, list, kind, count) => {
    const element = make("span", "cell");
    element.setAttribute("role", "cell");
    element.dataset.label = title;
    const all = count === undefined ? list.length : count;
    const two = all <= 2 && !narrow ? list.slice(0, 2) : list.slice(0, 1);
    for (const text of two) element.append(make("span", all === 1 ? `${kind} alone` : kind, text));
    if (list.length === 0) element.append(make("span", "plain more", all > 0 ? figure(all) : "–"));
    else if (all > two.length) element.append(make("span", "more", `and ${figure(all - two.length)} more`));
    return element;
  };
  const row = (at) => {
    const statement = statements[found[at]];
    const policy = policies[statement[S.policy]];
    const element = make("button", "row");
    element.type = "button";
    element.setAttribute("role", "row");
    element.dataset.at = found[at];
    element.style.top = `${at * height}px`;
    const first = make("span", "cell first");
    first.setAttribute("role", "cell");
    const effect = statement[S.denies] ? "deny" : "allow";
    const names = make("span", "names");
    names.append(make("b", "", `${texts[policy[P.name]]}#${statement[S.index]}`), make("span", "more", kindOf(statement)));
    first.append(make("span", `chip ${effect}`, effect), names);
    const who = whoOf(statement);
    const list = (part) => statement[part].map((text) => texts[text]);
    element.append(first, cell("who", who.list.slice(0, 2).map(brief), "mono", who.count === undefined ? who.list.length : who.count), cell("actions", list(S.actions), "mono"), cell("on", list(S.resources), "mono"), cell("if", list(S.terms), "mono"));
    return element;
  };

  // All of one statement.
  const MOST = 500;
  const detail = (at) => {
    const statement = statements[at];
    const policy = policies[statement[S.policy]];
    const body = $("detail-body");
    const effect = statement[S.denies] ? "deny" : "allow";
    const title = make("h2", "", `${texts[policy[P.name]]}#${statement[S.index]} `);
    title.id = "detail-title";
    title.append(make("span", `chip ${effect}`, effect));
    const list = make("dl");
    const add = (name, texts, count) => {
      if (texts.length === 0 && !count) return;
      const items = make("ul");
      for (const text of texts.slice(0, MOST)) items.append(make("li", "", text));
      const all = count === undefined ? texts.length : count;
      if (all > Math.min(texts.length, MOST)) items.append(make("li", "", `… ${figure(all)} in all`));
      const entry = make("dd");
      entry.append(items);
      list.append(make("dt", "", all > 1 ? `${name} (${figure(all)})` : name), entry);
    };
    const who = whoOf(statement);
    const of = (part) => statement[part].map((text) => texts[text]);
    add(who.title, who.list, who.count);
    if (who.roles) add("Into the role", who.roles);
    add("Actions", of(S.actions));
    add("Resources", of(S.resources));
    add("Only if all of", of(S.terms));
    if (policy[P.scope] >= 0) add("Scope of the policy", [texts[policy[P.scope]]]);
    add("Kind", [kindOf(statement)]);
    add("Source", [texts[policy[P.source]]]);
    body.replaceChildren(title, list);
    $("detail").showModal();
  };

  // The filters stand in the address, so that a view can be kept and passed on.
  const fields = ["q", "who", "service", "effect", "kind"];
  const keep = () => {
    const state = new URLSearchParams();
    for (const id of fields) if ($(id).value !== "") state.set(id, $(id).value);
    const text = state.toString();
    history.replaceState(null, "", text === "" ? location.pathname + location.search : `#?${text}`);
  };
  const restore = () => {
    if (!location.hash.startsWith("#?")) return;
    const state = new URLSearchParams(location.hash.slice(2));
    for (const id of fields) $(id).value = state.get(id) || "";
    $("statements").scrollIntoView();
  };

  let timer = 0;
  const changed = () => { clearTimeout(timer); timer = setTimeout(() => { filter(); keep(); }, statements.length > 20000 ? 160 : 40); };
  form.addEventListener("input", changed);
  form.addEventListener("reset", () => setTimeout(changed));
  form.addEventListener("submit", (event) => event.preventDefault());
  view.addEventListener("scroll", () => requestAnimationFrame(draw), { passive: true });
  addEventListener("resize", layout);
  addEventListener("hashchange", () => { restore(); filter(); });
  rows.addEventListener("click", (event) => { const row = event.target.closest(".row"); if (row) detail(Number(row.dataset.at)); });
  document.addEventListener("click", (event) => {
    const holder = event.target.closest("a.holder");
    if (!holder) return;
    event.preventDefault();
    form.reset();
    $("who").value = holder.dataset.who;
    filter();
    keep();
    $("statements").scrollIntoView();
  });
  $("detail").addEventListener("click", (event) => { if (event.target === $("detail")) $("detail").close(); });

  // On paper: the statements that are chosen, as far as anyone would read them.
  const PRINTED = 300;
  addEventListener("beforeprint", () => {
    const table = make("table");
    const head = make("tr");
    for (const text of ["effect", "policy", "who", "actions", "resources", "conditions"]) head.append(make("th", "", text));
    const top = make("thead");
    top.append(head);
    const body = make("tbody");
    for (const at of found.slice(0, PRINTED)) {
      const statement = statements[at];
      const policy = policies[statement[S.policy]];
      const few = (list, count) => list.slice(0, 4).join("\u2003") + (Math.max(count || 0, list.length) > 4 ? ` … ${figure(Math.max(count || 0, list.length))} in all` : "");
      const who = whoOf(statement);
      const line = make("tr");
      const of = (part) => few(statement[part].map((text) => texts[text]));
      for (const text of [statement[S.denies] ? "deny" : "allow", `${texts[policy[P.name]]}#${statement[S.index]}`, few(who.list, who.count), of(S.actions), of(S.resources), of(S.terms)]) line.append(make("td", "", text));
      body.append(line);
    }
    table.append(top, body);
    const note = found.length > PRINTED ? `The first ${figure(PRINTED)} of ${figure(found.length)} chosen statements.` : `${figure(found.length)} chosen statements.`;
    $("printed").replaceChildren(make("p", "quiet", note), table);
  });

  const options = document.createDocumentFragment();
  for (const identity of identities.slice(0, 2000)) {
    const option = make("option");
    option.value = texts[identity[0]];
    options.append(option);
  }
  $("identity-list").append(options);
  restore();
  filter();
})();
