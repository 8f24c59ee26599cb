"""What generate.py's rulesets lack: a container behind DNAT, other interfaces and policy routing, more of nft's and
iptables' matches, dynamic sets, ingress hooks. For differential.py, on top of a ruleset of generate.py."""
import ipaddress

CONTAINER4, CONTAINER6 = "172.17.0.2", "fd00:17::2"
INSIDE = (80, 443, 8080, 8443)  # a container that does not listen refuses: nobody outside it can tell
PORTS = [80, 443, 8443, 8080]


def bracket(address):
    return f"[{address}]" if ":" in address else address


# --- iptables: the shape that Docker and Kubernetes give a host ---

class Sections:
    """The text of an iptables-restore, by table, so that lines can be added where they belong."""

    def __init__(self, text):
        self.tables, name = {}, None
        for line in text.splitlines():
            if line.startswith("*"):
                name = line[1:]
                self.tables[name] = ([], [])
            elif line.startswith(":"):
                self.tables[name][0].append(line)
            elif line.startswith("-A"):
                self.tables[name][1].append(line)

    def chain(self, table, chain, policy="-"):
        heads = self.tables.setdefault(table, ([], []))[0]
        for i, head in enumerate(heads):
            if head.split()[0] == f":{chain}":
                if policy != "-":
                    heads[i] = f":{chain} {policy} [0:0]"
                return
        heads.append(f":{chain} {policy} [0:0]")

    def add(self, table, rule, first=False):
        rules = self.tables[table][1]
        rules.insert(0, rule) if first else rules.append(rule)

    def text(self):
        return "".join(f"*{name}\n" + "".join(line + "\n" for line in heads + rules) + "COMMIT\n"
                       for name, (heads, rules) in self.tables.items())


def docker(text, rng, family, tables):
    """tables: generate.Tables of this family, for its matches."""
    out = Sections(text)
    inside, net = (CONTAINER4, "172.17.0.0/16") if family == 4 else (CONTAINER6, "fd00:17::/64")
    published = rng.sample(PORTS, rng.randrange(1, 4))
    for chain in ("PREROUTING", "OUTPUT", "POSTROUTING"):
        out.chain("nat", chain, "ACCEPT")
    out.chain("nat", "DOCKER")
    out.chain("filter", "FORWARD", rng.choice(["DROP", "DROP", "ACCEPT"]))
    users = ["DOCKER-USER", "DOCKER-FORWARD"]
    for user in users:
        out.chain("filter", user)
    out.add("nat", "-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER", rng.random() < 0.7)
    if rng.random() < 0.8:
        out.add("nat", f"-A POSTROUTING -s {net} ! -o docker0 -j MASQUERADE")
    mark = rng.random() < 0.25
    for port in published:
        to = rng.choice(INSIDE)
        match = rng.choice(["! -i docker0 ", "", f"{tables.match('nat', 'PREROUTING')} "])
        if " -p " in f" {match}":
            match = ""
        if mark:
            out.add("nat", f"-A DOCKER {match}-p tcp -m tcp --dport {port} -j MARK --set-xmark 0x4000/0x4000")
        out.add("nat", f"-A DOCKER {match}-p tcp -m tcp --dport {port} -j DNAT --to-destination {bracket(inside)}:{to}")
        kind = rng.random()
        if kind < 0.7:
            out.add("filter", f"-A DOCKER-FORWARD -d {inside} ! -i docker0 -o docker0 -p tcp -m tcp --dport "
                              f"{to if rng.random() < 0.9 else port} -j ACCEPT")
        elif kind < 0.85:
            out.add("filter", "-A DOCKER-FORWARD -m conntrack --ctstate DNAT -j ACCEPT")
    if mark:
        out.add("nat", "-A POSTROUTING -m mark --mark 0x4000/0x4000 -j MASQUERADE")
    elif rng.random() < 0.15:
        out.add("nat", f"-A POSTROUTING -d {inside} -p tcp -j {rng.choice(['MASQUERADE', 'SNAT --to-source ' + ('172.17.0.1' if family == 4 else 'fd00:17::1')])}")
    for _ in range(rng.randrange(0, 4)):
        match = tables.match("filter", "FORWARD")
        if rng.random() < 0.4:
            match = (f"-p tcp -m conntrack --ctorigdstport {rng.choice(PORTS)} --ctdir ORIGINAL"
                     if rng.random() < 0.6 else f"-i eth0 -p tcp -m tcp --dport {rng.choice(PORTS)}")
        out.add("filter", f"-A DOCKER-USER {match} -j {rng.choice(['DROP', 'RETURN', 'ACCEPT', 'REJECT'])}")
    tail = ["-A FORWARD -j DOCKER-USER", "-A FORWARD -j DOCKER-FORWARD"]
    if rng.random() < 0.85:
        tail.insert(rng.randrange(3), "-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT")
    if rng.random() < 0.5:
        tail.append("-A FORWARD -i docker0 ! -o docker0 -j ACCEPT")
    for rule in tail:
        out.add("filter", rule)
    return out.text()


# --- nft ---

def forward_table(nft, rng):
    """A table that sends ports to the container, with a forward chain of its own."""
    family = rng.choice(["ip", "inet", "inet", "ip6"])
    nft.sets = []
    v6 = family == "ip6" or (family == "inet" and rng.random() < 0.3)
    inside, word = (CONTAINER6, "ip6") if v6 else (CONTAINER4, "ip")
    to = "" if family != "inet" else f" {word}"
    lines = []
    for port in rng.sample(PORTS, rng.randrange(1, 3)):
        match = rng.choice([f"{word} daddr {'2001:db8:10::10' if v6 else '198.51.100.10'}", "iifname \"eth0\"",
                            "fib daddr type local", nft.match("prerouting")])
        if not fits(match, family):
            match = "iifname \"eth0\""
        lines.append(f"{match} tcp dport {port} dnat{to} to {bracket(inside)}:{rng.choice(INSIDE)}")
    if rng.random() < 0.25 and not v6:
        lines.append(f"dnat{to} to tcp dport map {{ 8443 : {inside} . {rng.choice(INSIDE)} }}"
                     if rng.random() < 0.5 else f"tcp dport {{ 443, 8443 }} dnat{to} to {inside}")
    rules = [r for r in (nft.rule("forward", []) for _ in range(rng.randrange(0, 4))) if fits(r, family)]
    rules.insert(rng.randrange(len(rules) + 1), rng.choice([
        "ct state established,related accept", "ct state vmap { established : accept, related : accept, invalid : drop }",
        "ct status dnat accept", "oifname \"docker0\" tcp dport { 80, 443, 8080 } accept"]))
    out = f"table {family} published {{\nchain pre {{\ntype nat hook prerouting priority {rng.choice([-100, -100, -90])};\n"
    out += "".join(line + "\n" for line in lines) + "}\n"
    out += f"chain onward {{\ntype filter hook forward priority {rng.choice([-10, 0, 0, 5])}; policy {rng.choice(['drop', 'accept'])};\n"
    out += "".join(rule + "\n" for rule in rules) + "}\n"
    if rng.random() < 0.5:
        source = "fd00:17::1" if v6 else "172.17.0.1"
        out += "chain post {\ntype nat hook postrouting priority 100;\n" + rng.choice([
            "oifname \"eth0\" masquerade", "oifname \"docker0\" masquerade", f"{word} daddr {inside} snat{to} to {source}",
        ]) + "\n}\n"
    return out + "}\n"


def fits(rule, family):
    v4 = any(w in rule for w in ("ip saddr", "ip daddr", "ip ttl", "ip length", "ip protocol", "ip frag", "icmp type",
                                 "ip dscp", "ip version", "ip hdrlength", "type ipv4", "@nh"))
    v6 = any(w in rule for w in ("ip6 saddr", "ip6 daddr", "ip6 nexthdr", "exthdr", "ip6 hoplimit", "ip6 dscp", "frag"))
    if "icmpx" in rule and family != "inet" or "nfproto" in rule and ("ip saddr" in rule or "ip6 saddr" in rule):
        return False
    if "nfproto" in rule and family != "inet" or ("icmp" in rule or "udp dport" in rule) and "tcp" in rule:
        return False
    return not (v4 and v6) and not (family == "ip6" and v4) and not (family == "ip" and v6)


def more_matches(nft, rng):
    ruleset = nft.ruleset
    prefix4, prefix6 = (lambda: ruleset.prefix(4)), (lambda: ruleset.prefix(6))
    port = lambda: rng.choice(PORTS)  # noqa: E731
    no = nft.no
    return rng.choice([
        lambda: f"meta iif {no()}\"eth0\"", lambda: f"meta iifname {no()}{{ \"eth0\", \"wg0\" }}",
        lambda: f"tcp dport {port()} th dport {no()}{port()}", lambda: f"meta l4proto tcp @th,16,16 {no()}{port()}",
        lambda: f"ip version {no()}4", lambda: "ip hdrlength 5", lambda: f"ip dscp {no()}cs0",
        lambda: "ip6 hoplimit > 4", lambda: f"ip6 dscp {no()}cs0", lambda: f"meta length {rng.choice(['<', '>'])} 30",
        lambda: f"meta protocol {no()}{{ ip, ip6 }}", lambda: f"meta protocol {no()}ip",
        lambda: f"ct original ip saddr {no()}{prefix4()}", lambda: f"ct reply ip saddr {no()}198.51.100.0/24",
        lambda: f"ct original ip6 saddr {no()}{prefix6()}", lambda: f"ct original ip daddr {no()}198.51.100.10",
        lambda: f"ct l3proto {no()}ipv4", lambda: f"ct zone {no()}0",
        lambda: f"meta l4proto tcp ct reply proto-src {no()}{port()}",
        lambda: "tcp flags & (syn | ack) != 0", lambda: f"tcp flags & (fin | syn | rst) {rng.choice(['==', '!='])} syn",
        lambda: "tcp doff > 5", lambda: "tcp option sack-perm exists", lambda: "tcp option timestamp missing",
        lambda: "tcp option md5sig exists", lambda: f"meta mark {no()}{{ 1, 2 }}", lambda: f"meta mark {no()}1-2",
        lambda: f"ct mark & 1 {rng.choice(['==', '!='])} 1", lambda: "fib saddr type unicast",
        lambda: f"fib daddr . iif type {no()}local", lambda: "fib saddr . mark . iif oif exists",
        lambda: f"fib saddr oif {no()}\"eth0\"", lambda: f"fib saddr oifname {no()}\"wg0\"",
        lambda: f"meta nfproto . tcp dport {no()}{{ ipv4 . {port()}, ipv6 . {port()} }}",
        lambda: f"iifname . tcp dport {no()}{{ \"eth0\" . {port()}, \"lo\" . 80 }}",
        lambda: f"iifname . ip saddr . tcp dport {no()}{{ \"eth0\" . {prefix4()} . 80-{rng.choice([443, 8443])} }}",
        lambda: f"ip saddr . ip daddr {no()}{{ {prefix4()} . 198.51.100.0/24 }}",
        lambda: f"ip6 saddr . tcp dport {no()}{{ {prefix6()} . {port()} }}",
        lambda: f"ct state . meta mark {no()}{{ new . 0, established . 1 }}",
        lambda: f"ct direction . tcp dport {{ original . {port()} }}",
        lambda: f"tcp dport != {{ {port()}, 1-79 }}", lambda: f"meta l4proto . th dport {{ tcp . {port()}, udp . 53 }}",
        lambda: "ip saddr & 255.255.0.255 == 104.16.0.7",
        lambda: f"ip6 saddr & ffff:ffff:: == {rng.choice(['2606:4700::', '2400:cb00::'])}",
        lambda: f"ct status {no()}expected", lambda: "ct status & (snat | dnat) == 0",
        lambda: f"ct state & (new | untracked) {rng.choice(['!=', '=='])} 0",
        lambda: "meta iiftype ether", lambda: f"meta pkttype {no()}{{ broadcast, multicast }}",
        lambda: "ct packets > 1", lambda: "ct original packets > 0", lambda: "ct bytes > 100000",
        lambda: "meta rtclassid 0", lambda: "rt ip nexthop 198.51.100.1", lambda: "socket transparent 0",
        lambda: "numgen inc mod 1 == 0", lambda: "icmpv6 type echo-request", lambda: "ip option rr exists",
    ])()


def more_statements(nft, rng, chains):
    jump = f"jump {rng.choice(chains)}" if chains else "accept"
    return rng.choice([
        lambda: "ct mark set meta mark", lambda: "meta mark set ct mark", lambda: "meta mark set meta mark or 0x2",
        lambda: "ip dscp set cs1", lambda: "tcp option maxseg size set 1200", lambda: "quota over 100 mbytes drop",
        lambda: "quota 100 mbytes accept", lambda: "limit rate 10000/second burst 5000 packets accept", lambda: "ct count over 50000 reject",
        lambda: f"iifname vmap {{ \"eth0\" : {jump}, \"lo\" : accept }}",
        lambda: f"ip saddr . tcp dport vmap {{ {nft.ruleset.prefix(4)} . {rng.choice(PORTS)} : drop }}",
        lambda: f"meta l4proto . th dport vmap {{ tcp . {rng.choice(PORTS)} : {jump}, udp . 53 : drop }}",
        lambda: f"meta mark vmap {{ 0 : {jump}, 1 : drop, 2-3 : accept }}",
        lambda: f"ct status vmap {{ dnat : accept, confirmed : {jump} }}" if rng.random() < 0.3 else "accept",
        lambda: f"meta mark set tcp dport map {{ 80 : 1, 443 : 2, 1000-9000 : 3 }}",
        lambda: "counter accept", lambda: "log drop", lambda: "counter log reject", lambda: "continue",
        lambda: "meta nftrace set 1", lambda: "reject with tcp reset", lambda: "reject",
        lambda: f"reject with icmpx {rng.choice(['no-route', 'admin-prohibited'])}",
    ])()


def mixed_table(nft, rng, index):
    """Like generate.Nft.table, with the rarer matches, named maps, dynamic sets and ingress hooks."""
    ruleset, name, lines = nft.ruleset, f"m{index}", []
    nft.sets = []
    family = rng.choice(["inet", "inet", "ip", "ip6"])
    of = 6 if family == "ip6" else 4
    word, kind = ("ip6", "ipv6_addr") if of == 6 else ("ip", "ipv4_addr")
    lines.append(f"map vm {{ type {kind} : verdict; flags interval; elements = {{ {nft.mapping(['accept', 'drop', 'jump u1', 'return'], of)} }}; }}")
    lines.append(f"set to {{ type {kind}; flags interval,timeout; timeout 1h; elements = {{ {nft.disjoint(of)} }}; }}")
    lines.append(f"set cc {{ type {kind} . inet_service; flags interval; elements = {{ {nft.pairs(of)} }}; }}")
    lines.append(f"set dyn {{ type {kind}; flags dynamic,timeout; timeout 1h; size 65536; }}")
    extra = [f"{word} saddr vmap @vm", f"{word} saddr @to drop", f"{word} saddr != @to accept", f"{word} saddr . tcp dport @cc accept",
             f"{word} saddr . tcp dport != @cc drop", f"{word} saddr @dyn drop"]
    if rng.random() < 0.5:
        ruleset.stateful = True
        extra += [f"tcp dport {rng.choice(PORTS)} add @dyn {{ {word} saddr }}", f"tcp dport {rng.choice(PORTS)} update @dyn {{ {word} saddr limit rate over 1000/second burst 2000 packets }} drop",
                  f"ct state new add @dyn {{ {word} saddr }} accept"]

    def body(hook, chains, most):
        rules = []
        for _ in range(rng.randrange(0, most)):
            matches = [more_matches(nft, rng) if rng.random() < 0.7 else nft.match(hook) for _ in range(rng.choice([1, 1, 2]))]
            end = more_statements(nft, rng, chains) if rng.random() < 0.6 else nft.statement(hook, chains)
            if hook in ("output", "postrouting") and "reject" in end:
                end = "drop"
            rule = " ".join(matches + [end]) if rng.random() < 0.8 else rng.choice(extra)
            if "fib saddr" in rule and hook not in ("prerouting", "input"):
                continue
            if fits(rule, family) and not (hook == "raw" and " ct " in f" {rule}"):
                rules.append(rule)
        if hook == "input":
            rules.insert(0, "meta l4proto ipv6-icmp accept")
            if rng.random() < 0.6:
                rules.insert(1, rng.choice(["ct state established,related accept", "ct state vmap { established : accept, related : accept, invalid : drop }"]))
        return rules

    chains = [("u1", "", body("none", [], 5)), ("u2", "", body("none", ["u1"], 5))]
    for hook in rng.sample(["prerouting", "input", "input", "output", "postrouting", "forward"], rng.randrange(1, 4)):
        policy = rng.choice(["accept", "accept", "drop"]) if hook == "input" else "accept"
        chains.append((f"b{len(chains)}", f"type filter hook {hook} priority {rng.choice([-400, -301, -200, -199, -101, -99, -1, 0, 1, 101])}; policy {policy};",
                       body(hook, ["u1", "u2"], 7)))
    if rng.random() < 0.2:
        chains.append(("raw", "type filter hook prerouting priority raw;",
                       [f"{nft.address(of)} tcp dport {rng.choice(PORTS)} notrack"] if family != "inet" else ["tcp dport 8443 notrack"]))
    if rng.random() < 0.15 and family == "inet":
        chains.append(("ing", 'type filter hook ingress device "eth0" priority 0; policy accept;',
                       [f"{nft.address(4)} {rng.choice(['drop', 'accept'])}", f"{nft.address(6)} drop"]))
    if rng.random() < 0.2:
        chains.append(("route", "type route hook output priority -150;", [f"tcp sport {rng.choice(PORTS)} meta mark set {rng.randrange(3)}"]))
    text = f"table {family} {name} {{\n" + "".join(line + "\n" for line in lines)
    for chain, head, rules in chains:
        text += f"chain {chain} {{\n{head}\n" + "".join(rule + "\n" for rule in rules) + "}\n"
    return text + "}\n"


def ingress_table(nft, rng):
    rules = [f"{nft.address(rng.choice([4, 6]))} {rng.choice(['drop', 'accept', 'counter'])}" for _ in range(rng.randrange(1, 4))]
    return ("table netdev early {\nchain ing {\ntype filter hook ingress device \"eth0\" priority "
            f"{rng.choice([-500, 0, 10])}; policy accept;\n" + "".join(rule + "\n" for rule in rules) + "}\n}\n")


# --- iptables: rarer sets and matches ---

def more_ipsets(ruleset):
    """-> [(name, family, words)], for generate.Tables."""
    rng, out = ruleset.rng, []
    lines = ruleset.ipsets
    first = str(ruleset.prefix(4, 24).network_address)
    block = ipaddress.ip_network(first + "/16", strict=False)
    kinds = rng.sample(["list", "bitmap:ip", "bitmap:port", "hash:net,iface", "hash:ip,port,net", "timeout"],
                       rng.randrange(1, 4))
    for number, kind in enumerate(kinds):
        name = f"x{number}"
        if kind == "list":
            members = [line.split()[1] for line in lines if line.startswith("create") and " list:set" not in line
                       and "hash:net " in line + " "]
            lines.append(f"create {name} list:set size 8")
            lines.extend(f"add {name} {member}" for member in members[:3])
            out.append((name, 0, "src"))
        elif kind == "bitmap:ip":
            lines.append(f"create {name} bitmap:ip range {block}")
            lines.extend(f"add {name} {block.network_address + rng.randrange(65000)} -exist" for _ in range(5))
            lines.append(f"add {name} {first}/28 -exist")
            ruleset.used.append(ipaddress.ip_network(first + "/28", strict=False))
            out.append((name, 4, "src"))
        elif kind == "bitmap:port":
            lines.append(f"create {name} bitmap:port range 0-65535")
            lines.extend(f"add {name} {port}" for port in rng.sample(PORTS, 2))
            out.append((name, 0, rng.choice(["dst", "dst", "src"])))
        elif kind == "hash:net,iface":
            lines.append(f"create {name} hash:net,iface family inet")
            for _ in range(3):
                lines.append(f"add {name} {ruleset.prefix(4)},{rng.choice(['eth0', 'lo'])} -exist")
            out.append((name, 4, "src,src"))
        elif kind == "hash:ip,port,net":
            lines.append(f"create {name} hash:ip,port,net family inet")
            for _ in range(3):
                lines.append(f"add {name} 198.51.100.10,{rng.choice(PORTS)},{ruleset.prefix(4)} -exist")
            out.append((name, 4, "dst,dst,src"))
        else:
            lines.append(f"create {name} hash:net family inet timeout 3600")
            lines.extend(f"add {name} {ruleset.prefix(4)} timeout {rng.choice([900, 7200, 0])} -exist" for _ in range(3))
            out.append((name, 4, "src"))
    return out


def more_rules(text, rng, tables):
    """Rarer matches and targets, put into INPUT and OUTPUT of what generate.Tables made."""
    out, family = Sections(text), tables.family
    source = lambda: f"-s {tables.ruleset.prefix(family)}"  # noqa: E731
    words = [
        lambda: "-m conntrack --ctproto 6", lambda: f"-m conntrack --ctorigsrc {tables.ruleset.prefix(family)}",
        lambda: "-m conntrack --ctreplsrcport 443" if family == 4 else source(), lambda: "-m dscp --dscp 0x00",
        lambda: "-p tcp -m tcp ! --tcp-option 5", lambda: "-p tcp -m tcp --tcp-option 8",
        lambda: f"-p tcp -m multiport --sports {rng.choice(['80,443', '1024:65535', '1:65535'])}",
        lambda: "-m connbytes --connbytes 0:100000 --connbytes-dir both --connbytes-mode bytes",
        lambda: "-m quota --quota 100000000", lambda: "-p tcp -m connlimit --connlimit-upto 60000 --connlimit-mask 0",
        lambda: "-m statistic --mode nth --every 1 --packet 0", lambda: "-m mark ! --mark 1/3",
        lambda: "-m hashlimit --hashlimit-upto 10000/sec --hashlimit-burst 10000 --hashlimit-mode srcip,dstport --hashlimit-name u",
        lambda: "-m owner --uid-owner 0", lambda: "-m cpu --cpu 0", lambda: "-m policy --dir in --pol none",
        lambda: "-p tcp -m tcp --tcp-flags ALL SYN", lambda: "-m socket", lambda: "-m devgroup --src-group 0",
        lambda: "-p tcp -m tcp --dport 80 -m recent --name r9 --set", lambda: "-m recent --name r9 --rcheck --seconds 60",
        lambda: "-m string --string nothing --algo bm --to 1000", lambda: "-m pkttype ! --pkt-type multicast", source, source,
    ]
    for chain in ("INPUT", "INPUT", "OUTPUT"):
        for _ in range(rng.randrange(0, 3)):
            match = rng.choice(words)()
            if chain == "OUTPUT" and ("policy" in match or "devgroup" in match) or chain == "INPUT" and "owner" in match:
                continue
            target = rng.choice(["ACCEPT", "DROP", "DROP", "RETURN", "NFLOG", "LOG"])
            rules = out.tables["filter"][1]
            rules.insert(rng.randrange(len(rules) + 1), f"-A {chain} {match} -j {target}")
    if "mangle" in out.tables and rng.random() < 0.6:
        out.chain("mangle", "PREROUTING", "ACCEPT")
        out.add("mangle", f"-A PREROUTING {source()} -j " + rng.choice(
            ["DSCP --set-dscp 10", "TOS --set-tos 16", "CONNMARK --set-mark 2", "MARK --set-xmark 0x1/0x1"]))
    return out.text()


def routing(ruleset):
    """Other interfaces and policy routing."""
    rng = ruleset.rng
    for _ in range(rng.randrange(1, 4)):
        family = rng.choice([4, 4, 6])
        six = "-6 " if family == 6 else ""
        kind = rng.random()
        prefix = ruleset.prefix(family)
        if kind < 0.35:
            ruleset.routes.append(f"{six}route add {prefix} dev wg0")
        elif kind < 0.5:
            ruleset.routes.append(f"{six}route add throw {prefix}")
        elif kind < 0.65:
            table = rng.randrange(100, 103)
            ruleset.routes.append(f"{six}route add {rng.choice(['blackhole', 'unreachable'])} {prefix} table {table}")
            ruleset.routes.append(f"{six}rule add {rng.choice(['to ' + str(prefix), 'from ' + str(prefix), 'iif eth0', 'fwmark 1', 'fwmark 2/2', 'from all', 'not to ' + str(prefix)])} lookup {table} pref {rng.randrange(1000, 2000)}")
        elif kind < 0.8:
            ruleset.routes.append(f"{six}rule add {rng.choice(['from', 'to'])} {prefix} {rng.choice(['prohibit', 'blackhole', 'unreachable'])} pref {rng.randrange(2000, 3000)}")
        else:
            ruleset.routes.append(f"{six}route add {rng.choice(['prohibit', 'blackhole'])} {prefix} metric {rng.choice([5, 5000])}")
    if rng.random() < 0.6:
        ruleset.sysctls.append((f"net.ipv4.conf.{rng.choice(['eth0', 'all'])}.rp_filter", rng.choice([1, 1, 2])))
    if rng.random() < 0.2:
        ruleset.sysctls.append(("net.ipv4.conf.all.src_valid_mark", 1))
