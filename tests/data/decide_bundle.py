"""Decides requests from the hot tables of bundles: a second engine, written from crates/bundle/FORMAT.md and, for what
requests mean and how layers combine, docs/semantics.md.

Reads lines of JSON from its input, {"bundle": FILE, "session": FILE, null or "invalid", "request": REQUEST}, where
context values and resources are lists of strings, and prints a line of JSON for each: the decision, what blocked it or
the code of an error, and the deciding statements.
"""

import functools
import ipaddress
import json
import re
import sys

from read_bundle import read

NONE, MISSING, LOW = 0xFFFFFFFF, 0xFFFFFFFE, (1 << 64) - 1
F, U, T = 0, 1, 2  # Kleene: AND is min, OR is max, NOT x is 2 - x
ASSUME = ("sts:AssumeRole", "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity")
REGIONS = dict(pair.split("=") for pair in """
gz=ap-guangzhou cn-south=ap-guangzhou gzopen=ap-guangzhou-open szx=ap-shenzhen szjr=ap-shenzhen-fsi sh=ap-shanghai
cn-east=ap-shanghai shjr=ap-shanghai-fsi bj=ap-beijing tj=ap-beijing-1 cn-north=ap-beijing-1 bjjr=ap-beijing-fsi
cd=ap-chengdu cn-southwest=ap-chengdu cq=ap-chongqing nj=ap-nanjing tsn=ap-tianjin tpe=ap-taipei hk=ap-hongkong
sg=ap-singapore sgp=ap-singapore kr=ap-seoul jp=ap-tokyo th=ap-bangkok in=ap-mumbai jkt=ap-jakarta use=na-ashburn
usw=na-siliconvalley ca=na-toronto de=eu-frankfurt ger=eu-frankfurt sao=sa-saopaulo""".split())
ID, NAME = r"[1-9][0-9]*", r"[A-Za-z0-9_.@=+-]{1,128}"
LABEL = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
CALLERS = [(kind, re.compile(form.replace("R", f"(?P<root>{ID})", 1))) for kind, form in [
    ("root", "qcs::cam::uin/R:(root|uin/(?P=root))"), ("root", "qcs::cam:R:uin/(?P=root)"),
    ("user", f"qcs::cam:(:uin/)?R:uin/(?P<name>{ID})"),
    ("federated", f"qcs::sts:R:federated-user/(?P<name>{ID})"),
    ("role id", f"qcs::sts:R:assumed-role/(?P<name>{ID})(/[A-Za-z0-9_.,@=+-]{{1,128}})?"),
    ("role id", f"qcs::cam::uin/R:role/(?P<name>{ID})"),
    ("role name", f"qcs::cam::uin/R:roleName/(?P<name>{NAME})"),
    ("service role", f"qcs::cam::uin/R:role/tencentcloudServiceRoleName/(?P<name>{NAME})"),
    ("account service", f"qcs::cam::uin/R:service/(?P<name>{NAME})"),
    ("saml", f"qcs::cam::uin/R:saml-provider/(?P<name>{NAME})"),
    ("oidc", f"qcs::cam::uin/R:oidc-provider/(?P<name>{NAME})"),
    ("service", rf"service/(?P<name>{LABEL}(\.{LABEL})+)"), ("anonymous", "qcs::cam::anonymous:anonymous")]]
ACTION = re.compile(r"([a-z0-9][a-z0-9_-]*):[A-Za-z0-9_./-]+")
RESOURCE = re.compile(
    r"qcs:((?:id/[0-9]+)?):([a-z0-9][a-z0-9_-]*):([a-z0-9-]*):((?:(?:uin|uid)/[1-9][0-9]*)?):(.+)", re.S)
INSTANT = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:Z|([+-])(\d\d):(\d\d))", re.A)
NUMBER = re.compile(r"(-?)(\d{1,38})(?:\.(\d{1,38}))?", re.A)


class Malformed(Exception):
    """A request without a decision; its text is the code."""


# Values


def instant(text):
    """Milliseconds since 1970 UTC, None for what is no instant."""
    if not (match := INSTANT.fullmatch(text)):
        return None
    year, month, day, hour, minute, second = map(int, match.groups()[:6])
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    lengths = [31, 29 if leap else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    if not (1 <= month <= 12 and 1 <= day <= lengths[month - 1] and hour < 24 and minute < 60 and second < 60):
        return None
    offset = 0
    if match[8]:
        hours, minutes = int(match[9]), int(match[10])
        if hours > 23 or minutes > 59:
            return None
        offset = (hours * 60 + minutes) * (1 if match[8] == "+" else -1)
    past = year - 1
    days = 365 * past + past // 4 - past // 100 + past // 400 + sum(lengths[: month - 1]) + day
    minutes = (days - 719163) * 1440 + hour * 60 + minute - offset
    return (minutes * 60 + second) * 1000 + int(((match[7] or "") + "000")[:3])


def number(text):
    """In units of 10**-38."""
    if not (match := NUMBER.fullmatch(text)):
        return None
    value = int(match[2]) * 10**38 + int((match[3] or "").ljust(38, "0"))
    return -value if match[1] else value


def address(text):
    """Bits and width; IPv4 mapped into IPv6 is IPv4."""
    try:
        ip = ipaddress.ip_address(text)
    except ValueError:
        return None
    if "%" in text:
        return None
    ip = getattr(ip, "ipv4_mapped", None) or ip
    return int(ip), ip.max_prefixlen


def glob(pieces, text):
    """Pieces are texts, and None for a star: each text behind a star takes its leftmost place, the last one the end."""
    runs = [[]]
    for piece in pieces:
        runs[-1].append(piece) if piece is not None else runs.append([])
    first, *others = (b"".join(run) for run in runs)
    if not others:
        return text == first
    if not text.startswith(first) or len(text) < len(first) + len(others[-1]) or not text.endswith(others[-1]):
        return False
    at, end = len(first), len(text) - len(others[-1])
    for run in others[:-1]:
        at = text.find(run, at, end)
        if at < 0:
            return False
        at += len(run)
    return True


def lower(text):
    return bytes(byte + 32 if 65 <= byte <= 90 else byte for byte in text)


# Hashes


def fold(a, b):
    product = (a ^ 0x9E3779B97F4A7C15) * (b ^ 0xD6E8FEB86659FD93)
    return product >> 64 ^ product & LOW


def text_hash(seed, text):
    le, count, hash = lambda part: int.from_bytes(part, "little"), len(text), seed ^ len(text)
    for at in range(0, count - 15, 16):
        hash = fold(hash ^ le(text[at : at + 8]), le(text[at + 8 : at + 16]))
    if count % 16 == 0:
        a = b = 0
    elif count >= 16:
        a, b = le(text[-16:-8]), le(text[-8:])
    elif count >= 4:
        part = 8 if count >= 8 else 4
        a, b = le(text[:part]), le(text[-part:])
    else:
        a, b = text[0] + 256 * text[count // 2], text[-1]
    return fold(hash ^ a, b)


class Bundle:
    """Tables by name, and the lookups of FORMAT.md."""

    def __init__(self, path):
        with open(path, "rb") as file:
            tables = read(file.read())
        self.tables = {name: table.encode() if isinstance(table, str) else table for name, table in tables.items()}
        self.seed = self.scalars[1] << 32 | self.scalars[0]
        self.options, services = self.scalars[4], self.scalars[12:]
        self.capable = {self.item("segment", service).decode() for service in services}

    def __getattr__(self, name):
        try:
            return self.tables[name]
        except KeyError:
            raise AttributeError(name) from None

    def record(self, table, width, number):
        return self.tables[table][width * number : width * (number + 1)]

    def range(self, table, number):
        ends = self.tables[table]
        return range(ends[number - 1] if number else 0, ends[number])

    def string(self, start, length):
        return self.text[start : start + length]

    def item(self, dictionary, id):
        """The text of an id, None without one."""
        if id in (NONE, MISSING):
            return None
        span = self.range(f"{dictionary}_ends", id)
        return self.tables[f"{dictionary}_text"][span.start : span.stop]

    def find(self, dictionary, text):
        """The id of a text, NONE for one that is not known."""
        if text is None:
            return NONE
        hash = text_hash(self.seed, text)
        slots = self.tables[f"{dictionary}_slots"]
        count = len(slots) // 2
        for step in range(count):
            tag, id = self.record(f"{dictionary}_slots", 2, (hash + step) % count)
            if id == 0:
                break
            if tag == hash >> 32 and self.item(dictionary, id - 1) == text:
                return id - 1
        return NONE

    def pair(self, table, a, b):
        hash = fold(self.seed, a << 32 | b)
        count = len(self.tables[table]) // 3
        for step in range(count):
            left, right, value = self.record(table, 3, (hash + step) % count)
            if value == 0:
                break
            if (left, right) == (a, b):
                return value - 1
        return NONE

    def rank(self, action):
        id = self.find("action", action)
        if id != NONE:
            return self.action_ranks[id]
        prefixes = [self.record("action_prefixes", 4, at) for at in range(len(self.action_prefixes) // 4)]
        at = max(at for at, (start, length, _, _) in enumerate(prefixes) if self.string(start, length) <= action)
        while not action.startswith(self.string(*prefixes[at][:2])):
            at = prefixes[at][2]
        return prefixes[at][3]

    def statement_name(self, statement):
        policy, index = self.record("statements", 2, statement)
        start, length = self.record("policies", 8, policy)[4:6]
        return f"{self.policy_text[start:start + length].decode()}#{index}"


# Requests


class Caller:
    """A caller with its place in the directory."""

    def __init__(self, bundle, text):
        found = ((kind, form.fullmatch(text)) for kind, form in CALLERS)
        self.kind, match = next(((kind, match) for kind, match in found if match), (None, None))
        if not match:
            raise Malformed("CAM0601")
        parts = match.groupdict()
        self.bundle, self.root, name = bundle, parts.get("root"), parts.get("name")
        if self.kind == "federated" and name == self.root:
            self.kind = "root"
        self.federated = ":federated-user/" in text
        self.machine = self.kind in ("service", "account service", "saml", "oidc")
        self.unsigned = self.kind == "anonymous"
        self.is_user = self.kind in ("user", "federated")
        self.root_id = bundle.find("uin", self.root.encode() if self.root else None)
        self.account = bundle.record("accounts", 5, self.root_id) if self.root_id < bundle.scalars[2] else None
        self.own_id = self.name_id = self.identity = self.role = NONE
        if self.is_user:
            self.own_id = bundle.find("uin", name.encode())
            self.identity = bundle.pair("user_index", self.root_id, self.own_id)
        elif name:
            self.name_id = bundle.find("name", name.encode())
        if self.is_role():
            self.role = find_role(bundle, self.root_id, self.kind, self.name_id)
            self.identity = bundle.roles[10 * self.role] if self.role != NONE else NONE
        self.is_root = self.kind == "root" and self.account is not None
        self.known = self.machine or self.unsigned or self.is_root or self.identity != NONE
        self.record = bundle.record("identities", 8, self.identity) if self.identity != NONE else None
        # Variables and derived keys
        own = self.root if self.kind == "root" else name if self.is_user else None
        root = None if self.machine else self.root
        appid = bundle.item("appid", self.account[0]) if root and self.account else None
        self.variables = {2: own and own.encode(), 3: root and root.encode(), 4: appid, 5: None}

    def is_role(self):
        return self.kind in ("role id", "role name", "service role")

    def is_linked(self):
        return self.role != NONE and self.record[7] & 1 == 1

    def is_among(self, principals):
        return any(self.entry(*self.bundle.record("principals", 3, at)) for at in principals)

    def entry(self, kind, root, id):
        if kind < 2:
            return kind == 0 or self.unsigned
        if kind == 10:
            return self.kind == "service" and id == self.name_id
        if root != self.root_id or self.root_id == NONE:
            return False
        if kind in (6, 7, 8):
            if self.role == NONE:  # goes by the name it gives
                return (self.kind, id) == (("role name", "role id", "service role")[kind - 6], self.name_id)
            _, name, number, *_ = self.bundle.record("roles", 10, self.role)
            return id == (number if kind == 7 else name) and (kind != 8 or self.is_linked())
        if kind == 5:
            first, count = self.record[5:7] if self.record and self.is_user else (0, 0)
            return id in self.bundle.identity_groups[first : first + count]
        named = {9: "account service", 11: "saml", 12: "oidc"}
        return (kind == 2 and self.kind == "root" or kind == 3 and not self.machine
                or kind == 4 and self.is_user and id == self.own_id
                or kind in named and self.kind == named[kind] and id == self.name_id)


def find_role(bundle, account, kind, name):
    role = bundle.pair("role_ids" if kind == "role id" else "role_names", account, name)
    if role != NONE and kind == "service role":
        linked = bundle.record("identities", 8, bundle.roles[10 * role])[7] & 1
        return role if linked else NONE
    return role


class Target:
    """A resource of a request: texts, and the ids of its owner. Of `*` only `star` is said."""

    def __init__(self, bundle, caller, text):
        self.star, self.role = text == "*", NONE
        if self.star:
            self.own, self.paths = T, [b""]
            return
        if not (match := RESOURCE.fullmatch(text)):
            raise Malformed("CAM0603")
        self.project, self.service, region, owner, path = match.groups()
        if self.service in bundle.capable and not (region and owner):
            raise Malformed("CAM0603")
        self.region = REGIONS.get(region, region).encode()
        space, _, id = owner.partition("/")
        self.uin = id.encode() if space == "uin" else caller.root and caller.root.encode() if not owner else None
        self.appid = None
        if space == "uid":
            self.appid = id.encode()
            appid = bundle.find("appid", self.appid)
            self.uin = bundle.item("uin", bundle.appid_accounts[appid]) if appid != NONE else None
        uin = bundle.find("uin", self.uin)
        if uin < bundle.scalars[2]:
            self.appid = bundle.item("appid", bundle.accounts[5 * uin])
        self.own = U if self.uin is None or caller.root is None else T if self.uin.decode() == caller.root else F
        if self.service == "cos" and "/" not in path and "*" not in path:
            path += "/"
        self.paths, self.account = [path.encode()], uin
        if self.service == "cam" and self.uin is not None:
            self.spell(bundle, path)

    def spell(self, bundle, path):
        root, role = b"uin/" + self.uin, None
        if path.encode() in (b"root", root):
            self.paths = [b"root", root]
        for kind, form in (("service role", "role/tencentcloudServiceRoleName/"), ("role name", "roleName/"),
                           ("role id", "role/")):
            if path.startswith(form) and role is None:
                role = find_role(bundle, self.account, kind, bundle.find("name", path[len(form):].encode()))
        if role not in (None, NONE):
            spans = bundle.record("roles", 10, role)[4:]
            self.role = role
            self.paths = [bundle.string(spans[at], spans[at + 1]) for at in (0, 2, 4) if spans[at + 1]]


class Query:
    """A target in the ids of one bundle: the world's or the session's."""

    def __init__(self, bundle, target, action):
        self.bundle, self.target, self.star = bundle, target, target.star
        self.action, self.action_id, self.rank = action, bundle.find("action", action), bundle.rank(action)
        service = action.split(b":")[0]
        self.parts = {11: bundle.find("segment", service), 12: self.action_id}
        if self.star:
            return
        self.service = bundle.find("segment", target.service.encode())
        self.region = bundle.find("segment", target.region)
        self.uin = MISSING if target.uin is None else bundle.find("uin", target.uin)
        self.appid = MISSING if target.appid is None else bundle.find("appid", target.appid)
        self.parts.update({3: self.service, 4: self.region, 6: self.uin, 7: self.appid})

    def keys(self, kind, path, context):
        """The keys of a kind: one, or one for each value or empty key of the context; none where the request lacks a part."""
        seed, joined = self.bundle.seed, 0
        if kind & (4 if not self.star else 2) or kind & 1 << 5 and (self.star or self.target.own == F):
            return []
        for bit in (3, 4, 6, 7, 11, 12):
            if kind & 1 << bit:
                id = self.parts.get(bit, NONE)
                if id == NONE:
                    return []
                joined ^= fold(seed, 1 << bit + 32 | id)
        if kind & 0b111 << 8:
            cuts = [at + 1 for at, byte in enumerate(path) if byte == 47][:2] + [None, None]
            end = len(path) if kind & 1 << 10 else cuts[1] if kind & 1 << 9 else cuts[0]
            if self.star or end is None:
                return []
            joined ^= text_hash(seed, path[:end])
        parts = self.context_parts(kind, context) if kind & 3 << 13 else [0]
        return [fold(seed ^ kind, joined ^ part) for part in parts]

    def context_parts(self, kind, context):
        seed = self.bundle.seed
        for key, values in context.items():
            id = self.bundle.find("key", key.encode())
            if id != NONE and kind & 1 << 13:
                yield from (fold(fold(seed, 0x2000 << 32 | id), text_hash(seed, value.encode())) for value in values)
            elif id != NONE and not values:
                yield fold(seed, 0x4000 << 32 | id)

    def candidates(self, block, context):
        """Rows that the index of a block gives, for any spelling."""
        rows = set()
        for path in self.target.paths:
            for posting in self.slots(block, path, context):
                self.rows_of(posting, path, rows)
        return rows

    def slots(self, block, path, context):
        bundle = self.bundle
        first_kind, kinds, first, slots, flags, *_ = bundle.record("blocks", 10, block)
        listed = bundle.block_lists[first : first + (slots + 7) // 8 * 4 + slots] if flags & 1 else None
        postings = listed[(slots + 7) // 8 * 4 :] if flags & 1 else None
        if kinds == 0:
            yield from postings
        begin = 0
        for at in range(first_kind, first_kind + kinds):
            kind, end = bundle.record("block_kinds", 2, at)
            for key in self.keys(kind, path, context):
                if listed:
                    tags = (listed[slot // 2] >> slot % 2 * 16 & 0xFFFF for slot in range(begin, end))
                    yield from (postings[begin + at] for at, tag in enumerate(tags) if tag == key >> 48)
                    continue
                for step in range(slots):
                    tag, posting = bundle.record("block_slots", 2, first + (key + step) % slots)
                    if posting == NONE:
                        break
                    if tag == (kind << 17 | key >> 47):
                        yield posting
            begin = end

    def rows_of(self, posting, path, rows):
        bundle = self.bundle
        if posting == NONE:
            return
        if posting >> 31:
            rows.add(posting & 0x7FFFFFFF)
        elif posting >> 30:
            always, forward, backward, automaton = bundle.record("groups", 4, posting & 0x3FFFFFFF)
            self.rows_of(always, path, rows)
            self.trie(forward, path, rows, False)
            self.trie(backward, path, rows, True)
            if automaton != NONE:
                self.automaton(automaton, path, rows)
        else:
            count = bundle.postings[posting]
            rows.update(bundle.postings[posting + 1 : posting + 1 + count])

    def trie(self, node, path, rows, backwards):
        while node != NONE:
            start, length, first, children, prefix, exact = self.bundle.record("trie_nodes", 6, node)
            label = self.bundle.string(start, length)
            if not (path.endswith(label) if backwards else path.startswith(label)):
                return
            path = path[: len(path) - length] if backwards else path[length:]
            self.rows_of(prefix, b"", rows)
            if not path:
                return self.rows_of(exact, b"", rows)
            edges = (self.bundle.record("trie_children", 2, at) for at in range(first, first + children))
            node = next((child for byte, child in edges if byte == path[-1 if backwards else 0]), NONE)

    def automaton(self, number, path, rows):
        bundle, state = self.bundle, 0
        classes, width, first, _, accept, mode = bundle.record("automata", 6, number)
        for byte in path:
            word = bundle.automaton_classes[classes + byte // 4]
            state = bundle.automaton_next[first + state * width + (word >> byte % 4 * 8 & 0xFF)]
            met = state
            while mode == 1:
                self.rows_of(bundle.automaton_accept[accept + met], b"", rows)
                met = bundle.automaton_next[first + met * width + width - 1]
                if met == 0:
                    break
        if mode == 0:
            self.rows_of(bundle.automaton_accept[accept + state], b"", rows)


class Ask:
    """Someone asks for one target: the tests of rows and guards."""

    def __init__(self, query, caller, context):
        self.query, self.caller, self.context, self.bundle = query, caller, context, query.bundle

    def unsigned(self):
        """The same request, unsigned."""
        context = {key: values for key, values in self.context.items() if key not in ("qcs:uin", "qcs:owner_uin")}
        return Ask(self.query, Caller(self.bundle, "qcs::cam::anonymous:anonymous"), context)

    def run(self, block, filter=NONE):
        """Names of the denies and of the allows that match in a block."""
        denies, allows = set(), set()
        for number in self.query.candidates(block, self.context) if block != NONE else ():
            row = self.bundle.record("rows", 10, number)
            denied, truth = row[0] & 1, self.row(row, filter)
            if truth == T or denied and truth == U:
                (denies if denied else allows).add(self.bundle.statement_name(row[8]))
        return denies, allows

    def row(self, row, filter):
        flags, service, region, account, actions, operand, length, guard, statement, extra = row
        bundle, query = self.bundle, self.query
        if filter != NONE:
            first, count = bundle.filters[filter : filter + 2]
            bit = bundle.record("statements", 2, statement)[0] - first
            if not (0 <= bit < 32 * count and bundle.filters[filter + 2 + bit // 32] >> bit % 32 & 1):
                return F
        principals, scope, project, start, size = bundle.record("extras", 5, extra - 1) if extra else (NONE, NONE, 0, 0, 0)
        if principals != NONE and not self.caller.is_among(bundle.range("principal_set_ends", principals)):
            return F
        if not self.in_set(actions):
            return F
        if flags & 2:
            truth = T
        elif query.star:
            of_action = service == NONE or service == query.parts[11]
            truth = T if flags & 1 and of_action and not bundle.options & 1 else F
        else:
            truth = min(T if service in (NONE, query.service) else F,
                        T if region in (NONE, query.region) else U if query.region == 0 else F,
                        self.account(flags >> 5 & 7, account), self.project(project, bundle.string(start, size)),
                        self.tail(flags >> 2 & 7, operand, length),
                        T if scope == NONE else self.any_path(lambda path: self.pattern(scope, path)))
        if truth == F or guard == 0:
            return truth
        return min([truth] + [self.term(bundle.guard_terms[at]) for at in bundle.range("guard_ends", guard - 1)])

    def in_set(self, number):
        bundle = self.bundle
        span = bundle.range("action_set_ends", number)
        count, *words = bundle.action_set_words[span.start : span.stop]
        if any(words[at] <= self.query.rank < words[at + 1] for at in range(0, 2 * count, 2)):
            return True
        texts = (bundle.string(*bundle.record("action_globs", 2, at)) for at in words[2 * count :])
        split = lambda text: [None if part == b"*" else part for part in re.split(rb"(\*)", text)]
        return any(glob(split(text), self.query.action) for text in texts)

    def account(self, kind, id):
        if kind == 0:
            return T
        if kind == 1:
            return self.query.target.own
        found = (self.query.uin if kind == 2 else self.query.appid) if kind < 4 else MISSING
        return U if found == MISSING else T if found == id else F

    def project(self, kind, digits):
        asked = self.query.target.project.removeprefix("id/").encode()
        return T if kind == 0 or kind == 1 and asked in (b"", b"0") or kind == 2 and asked == digits else F

    def any_path(self, test):
        return max(test(path) for path in self.query.target.paths)

    def tail(self, kind, operand, length):
        if kind >= 4:
            return self.any_path(lambda path: self.pattern(operand, path))
        literal = self.bundle.string(operand, length)
        tests = [lambda _: True, literal.__eq__, lambda path: path.startswith(literal), lambda path: path.endswith(literal)]
        return self.any_path(lambda path: T if tests[kind](path) else F)

    def pattern(self, number, text, change=lambda text: text):
        pieces = []
        for at in self.bundle.range("pattern_ends", number):
            kind, start, length = self.bundle.record("pieces", 3, at)
            piece = None if kind == 1 else self.bundle.string(start, length) if kind == 0 else self.caller.variables[kind]
            if kind > 1 and piece is None:
                return U
            pieces.append(piece and change(piece))
        return T if glob(pieces, change(text)) else F

    def term(self, number):
        bundle = self.bundle
        code, key, first, count, flags = bundle.record("terms", 5, number)
        base, qualifier, if_exist = code >> 3, code >> 1 & 3, code & 1
        words = bundle.values[first : first + count]
        given = self.context.get(bundle.item("key", key).decode())
        if base == 22:
            return T if int(given is None or not any(given)) == words[0] else F
        if given is None:
            return T if if_exist else U if key < 2 else F
        truths = []
        for value in given:
            truth = max(self.compare(base & ~1 if base in (1, 3, 5, 7, 13, 21) else base, value, words), flags & 1)
            truths.append(2 - truth if base in (1, 3, 5, 7, 13, 21) else truth)
        if qualifier == 1:
            return max(truths, default=F)
        if not truths:
            return U
        return min(truths) if qualifier == 2 or min(truths) == max(truths) else U

    def compare(self, base, value, words):
        """A positive operator on one value; what cannot be read is never known."""
        if base < 6 or base == 19:
            change = lower if base == 2 else lambda text: text
            texts = [words[at : at + 2] for at in range(2, 2 + 2 * words[0], 2)]
            text = value.encode()
            literals = T if change(text) in [self.bundle.string(*span) for span in texts] else F
            patterns = words[2 + 2 * words[0] :]
            return max([literals] + [self.pattern(pattern, text, change) for pattern in patterns])
        if base == 18:
            return (T if words[0] & (2 if value == "true" else 1) else F) if value in ("true", "false") else U
        if base == 20:
            return U if (found := address(value)) is None else T if self.in_network(found, words) else F
        wide = lambda words: sum(word << 32 * at for at, word in enumerate(words))
        if base < 12:
            read, numbers = number, []
            for at in range(0, len(words), 9):
                size = wide(words[at + 1 : at + 5]) * 10**38 + wide(words[at + 5 : at + 9])
                numbers.append(-size if words[at] else size)
        else:
            read, base = instant, base - 6
            numbers = [(wide(words[at : at + 2]) + 2**63) % 2**64 - 2**63 for at in range(0, len(words), 2)]
        if (x := read(value)) is None:
            return U
        tests = {6: lambda y: x == y, 8: lambda y: x < y, 9: lambda y: x <= y, 10: lambda y: x > y, 11: lambda y: x >= y}
        return T if any(tests[base](y) for y in numbers) else F

    def in_network(self, found, words):
        bundle, (bits, width) = self.bundle, found
        if words[0] == NONE:
            for at in range(1, len(words), 5):
                length, *parts = words[at : at + 5]
                network = sum(part << 32 * place for place, part in enumerate(parts))
                of_width, length = (128, length - 256) if length >= 256 else (32, length)
                if of_width == width and (bits ^ network) >> width - length == 0:
                    return True
            return False
        node = bundle.scalars[7 if width == 32 else 8]
        if node == NONE:
            return False
        for shift in range(width - 8, -8, -8):
            *bitmap, first = bundle.record("network_nodes", 9, node)
            byte = bits >> shift & 0xFF
            below = sum(word << 32 * at for at, word in enumerate(bitmap)) & (2 << byte) - 1
            entry = bundle.network_entries[first + bin(below).count("1") - 1]
            if not entry >> 31:
                return words[0] in (bundle.network_class_sets[at] for at in bundle.range("network_class_ends", entry))
            node = entry & 0x7FFFFFFF


# Decisions


def decide_one(world, session, caller, target, action, context):
    """Semantics, chapter 9: denies, granting allows, and the layer that failed."""
    ask, denies = Ask(Query(world, target, action), caller, context), set()

    def run(block, filter=NONE, ask=ask):
        found, allows = ask.run(block, filter)
        denies.update(found)
        return allows

    scp, boundary, capped, identity = True, True, True, set()
    if caller.account and not caller.machine and not caller.is_linked():
        first, count = caller.account[2:4]
        for level in world.levels[first : first + max(count, 1) - 1]:
            scp = bool(run(level)) and scp
    if caller.record:
        for at in range(caller.record[0], caller.record[0] + caller.record[1]):
            identity |= run(*world.record("identity_blocks", 2, at))
        if caller.record[2] != NONE:
            boundary = bool(run(caller.record[2]))
    elif caller.is_user:
        identity |= run(caller.account[1] if caller.account else world.scalars[3])
    if session:
        own = Ask(Query(session, target, action), caller, context)
        capped = bool(run(session.scalars[3], ask=own))
    by_owner, anon = set(), set()
    if not target.star and target.service in world.capable and target.account < world.scalars[2]:
        block = world.accounts[5 * target.account + 4]
        by_owner = run(block)
        if not caller.machine and not caller.unsigned:
            anon_denies, anon = ask.unsigned().run(block)
            anon = set() if anon_denies else anon
    assumes = action.decode() in ASSUME
    trust = run(world.roles[10 * target.role + 3]) if assumes else set()
    if not caller.known:
        identity = by_owner = trust = set()
    if assumes:
        right = caller.is_root or caller.machine or bool(identity)
        grant, ok, layer = trust | identity, bool(trust) and right, "identity" if trust else "trust"
    elif caller.machine or caller.unsigned:
        grant, ok, layer = by_owner, bool(by_owner), "resource"
    elif target.own == T:
        grant = identity | by_owner | anon
        ok, layer = caller.is_root or bool(grant), "identity"
    else:
        both = bool(by_owner) and (caller.is_root or bool(identity))
        grant = anon | (by_owner | identity if both else set())
        ok, layer = bool(anon) or both, "identity" if by_owner | anon else "resource"
    failed = [name for name, passed in (("scp", scp), ("boundary", boundary), ("session", capped), (layer, ok)) if not passed]
    return denies, grant, failed[0] if failed else None


def decide(world, session, request):
    caller = Caller(world, request["principal"])
    if request.get("signed", not caller.unsigned) == caller.unsigned:
        raise Malformed("CAM0609")
    action = request["action"].removeprefix("name/")
    if not ACTION.fullmatch(action):
        raise Malformed("CAM0602")
    if caller.kind in ("saml", "oidc") and action not in ASSUME[1:]:
        raise Malformed("CAM0601")
    resources = request["resource"]
    if not 1 <= len(resources) <= 64:
        raise Malformed("CAM0604")
    targets = [Target(world, caller, text) for text in resources]
    context, time = dict(request["context"]), request.get("time")
    if context.keys() & {"qcs:current_time", "qcs:uin", "qcs:owner_uin"}:
        raise Malformed("CAM0605")
    if time is not None and instant(time) is None:
        raise Malformed("CAM0610")
    if session == "invalid" or session and caller.unsigned or not session and caller.federated:
        raise Malformed("CAM0606")
    age, most = request.get("artifact_age_s"), world.scalars[6] << 32 | world.scalars[5]
    if world.options & 2 and (age is None or age > most):
        raise Malformed("CAM0607")
    if action in ASSUME and (len(targets) != 1 or targets[0].role == NONE):
        raise Malformed("CAM0611")
    derived = (("qcs:current_time", time), ("qcs:uin", caller.variables[2]), ("qcs:owner_uin", caller.variables[3]))
    for key, value in derived:
        if value is not None:
            context[key] = [value if key == "qcs:current_time" else value.decode()]
    denies, allows, blocked = set(), set(), None
    for target in targets:
        found, grant, failed = decide_one(world, session, caller, target, action.encode(), context)
        denies, allows, blocked = denies | found, allows | grant, blocked or failed
    if denies:
        return {"decision": "explicit_deny", "reason": sorted(denies)}
    if blocked:
        return {"decision": "implicit_deny", "blocked_by": blocked}
    return {"decision": "allow", "reason": sorted(allows)}


def main():
    opened = functools.lru_cache(maxsize=64)(Bundle)
    for line in sys.stdin:
        asked = json.loads(line)
        session = asked["session"]
        session = opened(session) if session not in (None, "invalid") else session
        try:
            answer = decide(opened(asked["bundle"]), session, asked["request"])
        except Malformed as error:
            answer = {"decision": "error", "code": str(error)}
        print(json.dumps(answer))


if __name__ == "__main__":
    main()
