"""Random rulesets of every stack, for differential.py: small pools of addresses, ports and marks, so that rules meet."""
import ipaddress

import generate_forward as more

RANGES4 = ["104.16.0.0/13", "172.64.0.0/13", "162.158.0.0/15", "131.0.72.0/22"]
RANGES6 = ["2606:4700::/32", "2400:cb00::/32"]
PORTS = [80, 443, 8443, 8080]
HOST4, HOST6 = "198.51.100.10", "2001:db8:10::10"
EMPTY = "".join(
    f"*{table}\n" + "".join(f":{chain} ACCEPT [0:0]\n" for chain in chains) + "COMMIT\n"
    for table, chains in (("raw", ("PREROUTING", "OUTPUT")),
                          ("mangle", ("PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING")),
                          ("nat", ("PREROUTING", "INPUT", "OUTPUT", "POSTROUTING")),
                          ("filter", ("INPUT", "FORWARD", "OUTPUT"))))


class Ruleset:
    def __init__(self, rng):
        self.rng = rng
        self.ipsets, self.restores, self.routes, self.sysctls = [], [], [], []
        self.nft = ""
        self.stateful = False  # a connection changes the next one's way: one question per source
        self.used = []  # prefixes whose boundaries are worth a question

    def __str__(self):
        parts = self.ipsets + [f"--- {tool}\n{text}" for tool, text in self.restores] + [self.nft] + self.routes
        return "\n".join(parts + [f"{n}={v}" for n, v in self.sysctls])

    def legacy(self, tool):
        return any(name == f"{tool}-legacy-restore" for name, _ in self.restores)

    def undo_routes(self):
        return [line.replace("route add", "route del").replace("rule add", "rule del") for line in self.routes]

    # --- addresses ---

    def prefix(self, family, longest=None):
        base = ipaddress.ip_network(self.rng.choice(RANGES4 if family == 4 else RANGES6))
        bits = 32 if family == 4 else 128
        longest = longest or bits
        length = self.rng.choice([base.prefixlen, min(longest, base.prefixlen + self.rng.randrange(1, 5)), longest,
                                  self.rng.randrange(base.prefixlen, longest + 1)])
        if self.rng.random() < 0.05:
            length = base.prefixlen - self.rng.randrange(1, 4)
        address = int(base.network_address) + self.rng.randrange(base.num_addresses)
        network = ipaddress.ip_network((address >> (bits - length) << (bits - length), length))
        self.used.append(network)
        return network

    def range(self, family):
        network = self.prefix(family)
        first = int(network.network_address)
        last = first + self.rng.randrange(network.num_addresses)
        kind = ipaddress.IPv4Address if family == 4 else ipaddress.IPv6Address
        self.used.append(ipaddress.ip_network(kind(last)))
        return kind(first), kind(last)

    def questions(self, ports):
        sources = set()
        for network in self.rng.sample(self.used, min(len(self.used), 10)):
            edges = [int(network.network_address), int(network.broadcast_address)]
            edges += [edges[0] - 1, edges[1] + 1]
            kind = ipaddress.IPv4Address if network.version == 4 else ipaddress.IPv6Address
            for number in self.rng.sample(edges, 2):
                sources.add(str(kind(number)))
        for ranges, kind in ((RANGES4, ipaddress.IPv4Address), (RANGES6, ipaddress.IPv6Address)):
            for _ in range(3):
                base = ipaddress.ip_network(self.rng.choice(ranges))
                sources.add(str(kind(int(base.network_address) + self.rng.randrange(base.num_addresses))))
        if self.stateful:
            return [(source, self.rng.choice(ports)) for source in sorted(sources)]
        return [(source, port) for source in sorted(sources) for port in ports]


def ports(rng, join=","):
    return join.join(str(p) for p in sorted(rng.sample(PORTS, rng.randrange(1, 4))))


# --- native nft ---

class Nft:
    def __init__(self, ruleset):
        self.ruleset, self.rng = ruleset, ruleset.rng
        self.sets = []

    def address(self, family):
        rng, ruleset = self.rng, self.ruleset
        name = "ip" if family == 4 else "ip6"
        kind = rng.random()
        if kind < 0.35:
            return f"{name} saddr {self.no()}{ruleset.prefix(family)}"
        if kind < 0.5:
            first, last = ruleset.range(family)
            return f"{name} saddr {self.no()}{first}-{last}"
        if kind < 0.7:
            return f"{name} saddr {self.no()}{{ {self.disjoint(family)} }}"
        if kind < 0.8 and self.sets:
            fitting = [s for s in self.sets if s[1] == family]
            if fitting:
                return f"{name} saddr {self.no()}@{rng.choice(fitting)[0]}"
        if kind < 0.87:
            bits = rng.choice([8, 14, 16, 20, 24] if family == 4 else [32, 40, 48])
            network = ruleset.prefix(family)
            network = ipaddress.ip_network((int(network.network_address) >> (network.max_prefixlen - bits)
                                            << (network.max_prefixlen - bits), bits)) if bits <= network.prefixlen else network
            mask = ipaddress.ip_network((0, network.prefixlen)).netmask if family == 4 else \
                ipaddress.ip_network((0 if family == 4 else ipaddress.IPv6Address(0), network.prefixlen)).netmask
            return f"{name} saddr & {mask} {rng.choice(['==', '!='])} {network.network_address}"
        if kind < 0.93:
            return f"{name} daddr {self.no()}{HOST4 if family == 4 else HOST6}"
        return f"{name} saddr . tcp dport {self.no()}{{ {self.pairs(family)} }}"

    def no(self):
        return "!= " if self.rng.random() < 0.2 else ""

    def disjoint(self, family, count=None):
        """Elements that do not overlap: the kernel refuses a set where they do."""
        taken, out = [], []
        for _ in range(count or self.rng.randrange(1, 6)):
            network = self.ruleset.prefix(family)
            if not any(network.overlaps(other) for other in taken):
                taken.append(network)
                out.append(str(network))
        return ", ".join(out)

    def pairs(self, family):
        taken, out = [], []
        for _ in range(self.rng.randrange(1, 5)):
            network = self.ruleset.prefix(family)
            if any(network.overlaps(other) for other in taken):
                continue
            taken.append(network)
            low = self.rng.choice(PORTS)
            out.append(f"{network} . {low}" if self.rng.random() < 0.6 else f"{network} . {min(low, 443)}-{max(low, 443)}")
        return ", ".join(out)

    def match(self, hook):
        rng = self.rng
        family = rng.choice([4, 4, 4, 6])
        choices = [
            lambda: self.address(family), lambda: self.address(family), lambda: self.address(family),
            lambda: f"tcp dport {self.no()}{rng.choice(PORTS)}",
            lambda: f"tcp dport {self.no()}{{ {ports(rng, ', ')} }}",
            lambda: f"tcp dport {rng.choice(['<', '>', '<=', '>='])} {rng.choice(PORTS)}",
            lambda: f"tcp dport {self.no()}80-{rng.choice(PORTS[1:])}",
            lambda: f"ct state {rng.choice(['new', 'established', 'established,related', 'invalid', 'untracked', 'new,untracked', '{ new, established }'])}",
            lambda: f"ct state != {rng.choice(['new', 'established', 'invalid'])}",
            lambda: f"ct status {rng.choice(['dnat', 'snat', 'seen-reply', 'confirmed', 'assured'])}",
            lambda: f"ct direction {rng.choice(['original', 'reply'])}",
            lambda: f"meta mark {self.no()}{rng.randrange(4)}",
            lambda: f"meta mark & {rng.choice([1, 2, 3])} == {rng.randrange(4)}",
            lambda: f"ct mark {self.no()}{rng.randrange(4)}",
            lambda: f"meta nfproto {rng.choice(['ipv4', 'ipv6'])}",
            lambda: f"meta l4proto {self.no()}{rng.choice(['tcp', 'udp', '{ tcp, udp }'])}",
            lambda: f"iifname {self.no()}\"{rng.choice(['eth0', 'eth*', 'ens3', 'lo'])}\"",
            lambda: f"oifname {self.no()}\"{rng.choice(['eth0', 'eth*', 'lo'])}\"",
            lambda: f"tcp flags {rng.choice(['syn', '& (fin|syn|rst|ack) == syn', '& (syn|ack) == ack', '!= syn', '== syn', 'syn,ack', '! syn', '& (fin|syn) == (fin|syn)', '& psh == psh'])}",
            lambda: f"tcp sport {self.no()}{rng.choice(['1-1023', '1024-65535', '80', '0-65535'])}",
            lambda: f"fib daddr type {rng.choice(['local', 'unicast', '{ local, broadcast }'])}",
            lambda: f"fib saddr . iif oif {rng.choice(['missing', 'exists'])}",
            lambda: f"meta pkttype {rng.choice(['host', 'unicast', 'broadcast'])}",
            lambda: f"ct original proto-dst {rng.choice(PORTS)}",
            lambda: "ip ttl > 4", lambda: "ip length < 30", lambda: "tcp option maxseg size 1-500",
            lambda: "icmp type echo-request", lambda: "udp dport 53", lambda: "ip protocol tcp",
            lambda: "ip6 nexthdr tcp", lambda: "exthdr frag missing", lambda: "ip frag-off & 0x1fff != 0",
        ]
        out = rng.choice(choices)()
        if "ct original proto-dst" in out:
            out = "meta l4proto tcp " + out
        return out

    def statement(self, hook, chains):
        rng = self.rng
        final = rng.random()
        if final < 0.5:
            return rng.choice(["accept", "accept", "drop", "drop", "return"])
        if final < 0.62 and hook in ("input", "forward", "prerouting", "none"):
            return "reject with " + rng.choice(["tcp reset", "icmpx port-unreachable", "icmpx admin-prohibited",
                                                "icmpx host-unreachable", "icmpx no-route"]) if hook != "none" else "drop"
        if final < 0.78 and chains:
            return f"{rng.choice(['jump', 'jump', 'goto'])} {rng.choice(chains)}"
        if final < 0.84:
            return f"meta mark set {rng.choice(['1', '2', '3', 'meta mark | 1', 'meta mark & 2', 'meta mark ^ 3', 'ct mark'])}"
        if final < 0.88:
            return f"ct mark set {rng.choice(['1', '2', 'meta mark', 'ct mark | 1'])}"
        if final < 0.92:
            return f"meta mark set ip saddr map {{ {self.mapping(['1', '2', '3'])} }}"
        if final < 0.96:
            return self.vmap(chains)
        return rng.choice(["counter", "continue", 'log prefix "x"', "limit rate 1000/second burst 2000 packets accept",
                           "limit rate over 1000/second burst 2000 packets drop", "ct count over 60000 drop"])

    def mapping(self, values, family=4):
        taken, out = [], []
        for _ in range(self.rng.randrange(1, 5)):
            network = self.ruleset.prefix(family)
            if not any(network.overlaps(other) for other in taken):
                taken.append(network)
                out.append(f"{network} : {self.rng.choice(values)}")
        return ", ".join(out)

    def vmap(self, chains):
        rng = self.rng
        verdicts = ["accept", "drop", "return", "continue"] + [f"jump {c}" for c in chains] + [f"goto {c}" for c in chains]
        kind = rng.randrange(5)
        if kind == 0:
            return f"tcp dport vmap {{ {', '.join(f'{p} : {rng.choice(verdicts)}' for p in rng.sample(PORTS, 3))} }}"
        if kind == 1:
            return f"ip saddr vmap {{ {self.mapping(verdicts)} }}"
        if kind == 2:
            return f"ip6 saddr vmap {{ {self.mapping(verdicts, 6)} }}"
        if kind == 3:
            return f"meta nfproto vmap {{ ipv4 : {rng.choice(verdicts)}, ipv6 : {rng.choice(verdicts)} }}"
        return f"ct state vmap {{ new : {rng.choice(verdicts)}, established : {rng.choice(verdicts + ['accept'] * 3)} }}"

    def rule(self, hook, chains):
        matches = [self.match(hook) for _ in range(self.rng.choice([0, 1, 1, 1, 2, 2, 3]))]
        if hook not in ("prerouting", "input"):  # elsewhere the kernel refuses to look up the way in
            matches = [match for match in matches if "fib saddr" not in match]
        # An unconditional verdict ends the chain too early to be interesting.
        if not matches:
            matches = [self.match(hook)]
        return " ".join(matches + [self.statement(hook, chains)])

    def body(self, hook, chains, most=7):
        rules = [self.rule(hook, chains) for _ in range(self.rng.randrange(0, most))]
        if hook == "input" and self.rng.random() < 0.6:
            rules.insert(self.rng.randrange(len(rules) + 1), "ct state established,related accept")
        if hook == "input" and self.rng.random() < 0.8:  # neighbours are permanent, but asked all the same
            rules.insert(0, "meta l4proto ipv6-icmp accept")
        return rules

    def table(self, index):
        rng = self.rng
        name = f"t{index}"
        family = rng.choice(["inet", "inet", "inet", "ip", "ip6"])
        lines = []
        self.sets = []
        for number in range(rng.randrange(0, 3)):
            of = rng.choice([4, 4, 6])
            kind = "ipv4_addr" if of == 4 else "ipv6_addr"
            lines.append(f"set s{number} {{ type {kind}; flags interval; elements = {{ {self.disjoint(of)} }}; }}")
            self.sets.append((f"s{number}", of))
        users = [f"u{i}" for i in range(rng.randrange(0, 4))]
        for position, user in enumerate(users):  # only towards later ones: no loops
            lines.append((user, self.body("none", users[position + 1:], 5)))
        for number, hook in enumerate(rng.sample(["prerouting", "input", "input", "output", "forward", "postrouting"],
                                                 rng.randrange(1, 5))):
            priority = rng.choice([-310, -300, -250, -150, -149, -90, -5, 0, 0, 10, 50])
            policy = rng.choice(["accept", "accept", "drop"]) if hook == "input" else "accept"
            lines.append((f"b{number}{hook} type filter hook {hook} priority {priority}; policy {policy};",
                          self.body(hook, users)))
        if rng.random() < 0.25 and family != "ip6":
            rules = [f"{self.match('prerouting')} tcp dport {rng.choice(PORTS)} redirect to :{rng.choice(PORTS)}"
                     for _ in range(rng.randrange(1, 3))]
            lines.append((f"n type nat hook prerouting priority {rng.choice([-100, -90, -110])};", rules))
        text = f"table {family} {name} {{\n"
        declared = [line for line in lines if isinstance(line, tuple)]
        text += "".join(line + "\n" for line in lines if isinstance(line, str))
        for head, rules in reversed(declared):
            chain, _, rest = head.partition(" ")
            rules = [rule for rule in rules if fits(rule, family)]
            text += f"chain {chain} {{\n{rest}\n" + "".join(rule + "\n" for rule in rules) + "}\n"
        return text + "}\n"


def fits(rule, family):
    v4 = any(word in rule for word in ("ip saddr", "ip daddr", "ip ttl", "ip length", "ip protocol", "ip frag", "icmp type"))
    v6 = any(word in rule for word in ("ip6 saddr", "ip6 daddr", "ip6 nexthdr", "exthdr"))
    if v4 and v6 or ("nfproto" in rule or "icmpx" in rule) and family != "inet":
        return False
    if ("icmp type" in rule or "udp dport" in rule) and "tcp" in rule:
        return False
    return not (family == "ip6" and v4 or family == "ip" and v6)


# --- iptables ---

class Tables:
    def __init__(self, ruleset, family, sets):
        self.ruleset, self.rng, self.family, self.sets = ruleset, ruleset.rng, family, sets

    def match(self, table, chain):
        rng, family = self.rng, self.family
        no = "! " if rng.random() < 0.2 else ""
        source = lambda: f"{no}-s {self.ruleset.prefix(family)}"  # noqa: E731
        iface = "-o" if chain in ("OUTPUT", "POSTROUTING") else "-i"

        def iprange():
            first, last = self.ruleset.range(family)
            return f"-m iprange {no}--src-range {first}-{last}"

        def ipset():
            fitting = [name for name, of, _ in self.sets if of in (family, 0)]
            if not fitting:
                return source()
            name = rng.choice(fitting)
            words = next(w for n, _, w in self.sets if n == name)
            return f"-m set {no}--match-set {name} {words}"

        choices = [
            source, source, source, iprange, ipset, ipset,
            lambda: f"-p tcp -m tcp {no}--dport {rng.choice(PORTS)}",
            lambda: f"-p tcp -m tcp {no}--dport 80:{rng.choice(PORTS[1:])}",
            lambda: f"-p tcp -m multiport {no}--dports {ports(rng)}",
            lambda: f"-p tcp -m multiport --ports {ports(rng)}",
            lambda: f"-m conntrack {no}--ctstate {rng.choice(['NEW', 'ESTABLISHED', 'RELATED,ESTABLISHED', 'INVALID', 'UNTRACKED', 'NEW,UNTRACKED', 'DNAT', 'NEW,ESTABLISHED'])}",
            lambda: f"-m conntrack --ctorigdstport {rng.choice(PORTS)}",
            lambda: f"-m conntrack --ctstate NEW --ctdir ORIGINAL {no}--ctorigdstport {rng.choice(PORTS)}",
            lambda: f"-m conntrack {no}--ctstatus {rng.choice(['CONFIRMED', 'ASSURED', 'SEEN_REPLY'])}",
            lambda: f"-m state --state {rng.choice(['NEW', 'ESTABLISHED', 'INVALID'])}",
            lambda: f"-m mark {no}--mark {rng.randrange(4)}",
            lambda: f"-m mark --mark {rng.randrange(4)}/0x{rng.choice([1, 2, 3])}",
            lambda: f"-m connmark {no}--mark {rng.randrange(4)}",
            lambda: f"{no}{iface} {rng.choice(['eth0', 'eth+', 'lo', 'ens3'])}",
            lambda: f"-p {rng.choice(['tcp', 'udp', 'tcp'])}",
            lambda: f"-p tcp -m tcp {no}--tcp-flags {rng.choice(['FIN,SYN,RST,ACK SYN', 'SYN,ACK ACK', 'ALL NONE', 'SYN,FIN SYN,FIN', 'PSH PSH'])}",
            lambda: f"-p tcp -m tcp --sport {rng.choice(['1:1023', '1024:65535', '80'])}",
            lambda: f"-m addrtype {no}--{'src' if rng.random() < 0.3 else 'dst'}-type {rng.choice(['LOCAL', 'UNICAST', 'MULTICAST', 'LOCAL,BROADCAST'])}",
            lambda: "-m comment --comment \"a \\\"quoted\\\" word\"",
            lambda: f"-m length {no}--length {rng.choice(['0:39', '0:1500', '40'])}" if family == 4 else source(),
            lambda: "-p tcp -m tcpmss --mss 1:500", lambda: "-m pkttype --pkt-type unicast",
            lambda: "-m hashlimit --hashlimit-above 1000/sec --hashlimit-burst 2000 --hashlimit-mode srcip --hashlimit-name h",
            lambda: "-m limit --limit 1000/sec --limit-burst 5000",
            lambda: "-p tcp -m connlimit --connlimit-above 60000",
            lambda: f"-m recent --rcheck --seconds 1 --hitcount 15 --name r{rng.randrange(3)}",
            lambda: "-m statistic --mode random --probability 1",
        ]
        if family == 4:
            choices.append(lambda: "-m u32 --u32 \"" + rng.choice([
                "0>>22&0x3C@12>>26&0x3C@0=0x12345678", "6&0xFF=6", "6&0xFF=17", "0>>22&0x3C@0&0xFFFF=80",
                "0>>22&0x3C@0&0xFFFF=443:8443", "0>>22&0x3C@12>>16&0x3F=2", "4&0x1FFF=0"]) + "\"")
            choices.append(lambda: "-m ttl --ttl-lt 5")
        if table == "raw" or chain in ("OUTPUT", "POSTROUTING"):
            choices.append(lambda: "-m rpfilter --invert" if chain == "PREROUTING" and table == "raw" else source())
        return rng.choice(choices)()

    def target(self, table, chain, users):
        rng, family = self.rng, self.family
        final = rng.random()
        if table == "nat":
            if chain == "PREROUTING" and final < 0.7:
                return f"-p tcp -j REDIRECT --to-ports {rng.choice(PORTS)}"
            return rng.choice(["-j ACCEPT", "-j RETURN"])
        if final < 0.5:
            return "-j " + rng.choice(["ACCEPT", "ACCEPT", "DROP", "DROP", "RETURN"])
        if final < 0.62 and table == "filter" and chain != "OUTPUT":
            if rng.random() < 0.4:
                return "-p tcp -j REJECT --reject-with tcp-reset"
            kinds = ["icmp-port-unreachable", "icmp-host-prohibited", "icmp-admin-prohibited", "icmp-net-unreachable"] \
                if family == 4 else ["icmp6-port-unreachable", "icmp6-adm-prohibited", "icmp6-no-route"]
            return f"-j REJECT --reject-with {rng.choice(kinds)}"
        if final < 0.8 and users:
            return f"-{rng.choice('jjg')} {rng.choice(users)}"
        if final < 0.88 and table == "mangle":
            return "-j " + rng.choice(["MARK --set-mark 1", "MARK --set-mark 2", "MARK --or-mark 1", "MARK --and-mark 2",
                                       "MARK --xor-mark 3", "CONNMARK --save-mark", "CONNMARK --restore-mark",
                                       "CONNMARK --set-mark 1"])
        if final < 0.9 and table == "raw":
            return "-j CT --notrack"
        if final < 0.94:
            addable = [name for name, of, words in self.sets if of == family and words == "src" and name.startswith("h")]
            if addable:
                return f"-j SET --add-set {rng.choice(addable)} src --exist"
        return rng.choice(["", "-j LOG", "-m recent --set --name r1"])

    def chain_rules(self, table, chain, users, most):
        rng = self.rng
        rules = []
        for _ in range(rng.randrange(0, most)):
            matches, target = [self.match(table, chain) for _ in range(rng.choice([1, 1, 1, 2, 2]))], \
                self.target(table, chain, users)
            words = " ".join(matches + [target])
            if words.count(" -p ") + words.startswith("-p ") > 1:  # one protocol a rule
                matches = matches[:1]
                words = " ".join(matches + [target])
                if words.count(" -p ") + words.startswith("-p ") > 1:
                    words = " ".join([f"-s {self.ruleset.prefix(self.family)}", target])
            for option in ("-s ", "-i ", "-o "):
                if words.count(option) > 1:
                    words = " ".join([f"-p tcp -m tcp --dport {rng.choice(PORTS)}"
                                      if " -p " not in " " + target else f"-s {self.ruleset.prefix(self.family)}", target])
            rules.append(f"-A {chain} {words}")
        if chain == "INPUT" and table == "filter":
            if rng.random() < 0.6:
                rules.insert(rng.randrange(len(rules) + 1), "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT")
            if self.family == 6:
                rules.insert(0, "-A INPUT -p ipv6-icmp -j ACCEPT")
        return rules

    def text(self):
        rng = self.rng
        layout = {"raw": ["PREROUTING", "OUTPUT"], "mangle": ["PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"],
                  "nat": ["PREROUTING"], "filter": ["INPUT", "INPUT", "OUTPUT"]}
        tables = ["filter"] + [t for t in ("raw", "mangle", "nat") if rng.random() < 0.3]
        out = ""
        for table in tables:
            users = [f"U{i}" for i in range(rng.randrange(0, 4))] if table == "filter" else []
            chains = sorted(set(rng.sample(layout[table], rng.randrange(1, len(layout[table]) + 1))))
            out += f"*{table}\n"
            for chain in dict.fromkeys(layout[table]):
                policy = "DROP" if chain == "INPUT" and table == "filter" and rng.random() < 0.4 else "ACCEPT"
                if chain == "OUTPUT" and table == "filter" and rng.random() < 0.05:
                    policy = "DROP"
                out += f":{chain} {policy} [0:0]\n"
            out += "".join(f":{user} - [0:0]\n" for user in users)
            for position, user in enumerate(users):
                out += "".join(rule + "\n" for rule in self.chain_rules(table, user, users[position + 1:], 5))
            for chain in chains:
                out += "".join(rule + "\n" for rule in self.chain_rules(table, chain, users, 7))
            out += "COMMIT\n"
        return out


def make_ipsets(ruleset):
    """-> [(name, family, directions)]"""
    rng, out = ruleset.rng, []
    for number in range(rng.randrange(0, 4)):
        family = rng.choice([4, 4, 6])
        kind = rng.choice(["hash:ip", "hash:net", "hash:net", "hash:net,port", "hash:ip,port"])
        name = f"{kind[0]}{number}" if kind == "hash:ip" else f"n{number}"
        ruleset.ipsets.append(f"create {name} {kind} family {'inet' if family == 4 else 'inet6'}")
        for _ in range(rng.randrange(0, 6)):
            network = ruleset.prefix(family)
            element = str(network.network_address) if "ip" in kind else str(network)
            if "port" in kind:
                element += f",{rng.choice(['', 'tcp:', 'udp:'])}{rng.choice(PORTS)}"
            nomatch = " nomatch" if "net" in kind and rng.random() < 0.25 else ""
            ruleset.ipsets.append(f"add {name} {element} -exist{nomatch}")
        out.append((name, family, rng.choice(["src,dst", "src,dst", "src,src"]) if "port" in kind else "src"))
    return out


def make(rng, wide=True):
    ruleset = Ruleset(rng)
    stacks = rng.choice([["nft"], ["nft"], ["legacy"], ["legacy"], ["iptables-nft"], ["nft", "legacy"],
                         ["nft", "iptables-nft"], ["legacy", "iptables-nft"]])
    forwards = wide and rng.random() < 0.35
    if "nft" in stacks:
        nft = Nft(ruleset)
        ruleset.nft = "".join(nft.table(i) for i in range(rng.choice([1, 1, 1, 2])))
        if wide and rng.random() < 0.6:
            ruleset.nft = ("" if rng.random() < 0.5 else ruleset.nft) + more.mixed_table(nft, rng, 0)
        if forwards:
            ruleset.nft += more.forward_table(nft, rng)
        if wide and rng.random() < 0.1:
            ruleset.nft += more.ingress_table(nft, rng)
    if "legacy" in stacks or "iptables-nft" in stacks:
        sets = make_ipsets(ruleset)
        if wide and rng.random() < 0.4:
            sets += more.more_ipsets(ruleset)
        for family, tool in ((4, "iptables"), (6, "ip6tables")):
            if family == 6 and rng.random() < 0.5:
                continue
            for stack in stacks:
                if stack == "nft":
                    continue
                variant = "legacy" if stack == "legacy" else "nft"
                tables = Tables(ruleset, family, sets)
                text = tables.text()
                if wide and rng.random() < 0.5:
                    text = more.more_rules(text, rng, tables)
                if forwards and rng.random() < 0.8:
                    text = more.docker(text, rng, family, tables)
                ruleset.restores.append((f"{tool}-{variant}-restore", text))
    if forwards and rng.random() < 0.95:
        ruleset.sysctls += [("net.ipv4.ip_forward", 1), ("net.ipv6.conf.all.forwarding", 1)]
    if wide and rng.random() < 0.25:
        more.routing(ruleset)
    elif rng.random() < 0.1:
        kind = rng.choice(["blackhole", "unreachable", "prohibit"])
        family = rng.choice([4, 6])
        ruleset.routes.append(f"{'-6 ' if family == 6 else ''}route add {kind} {ruleset.prefix(family)}")
        if rng.random() < 0.5:
            ruleset.sysctls.append(("net.ipv4.conf.eth0.rp_filter", rng.choice([1, 2])))
    return ruleset
