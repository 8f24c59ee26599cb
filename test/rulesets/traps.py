#!/usr/bin/env python3
"""Writes the folders trap-*: small rulesets that each hold one thing that is easily taken wrongly, with the dump of a
real host and the kernel's own verdicts. Root only; run again when a trap is added.

    test/rulesets/traps.py [NAME...]"""
import json
import pathlib
import shutil
import sys

import differential as fuzz

HERE = pathlib.Path(__file__).resolve().parent
SOURCES = ["104.16.0.1", "104.31.255.255", "131.0.72.5", "131.0.76.1", "172.64.9.9", "2606:4700::1", "2400:cb00::9"]
WEB = "tcp dport { 80, 443 } accept"
EST = "ct state established,related accept"
ND = "meta l4proto ipv6-icmp accept"


def nft(*chains, family="inet", table="t", more=""):
    body = "".join(f"chain {name} {{ {head}\n" + "".join(rule + "\n" for rule in rules) + "}\n" for name, head, rules in chains)
    return f"table {family} {table} {{\n{more}\n{body}}}\n"


def hook(name, hook_name, priority=0, policy="accept", rules=(), kind="filter"):
    return (name, f"type {kind} hook {hook_name} priority {priority}; policy {policy};", list(rules))


def save(rules, policy="ACCEPT", table="filter", heads=""):
    chains = {"filter": ("INPUT", "FORWARD", "OUTPUT"), "raw": ("PREROUTING", "OUTPUT"),
              "mangle": ("PREROUTING", "INPUT", "OUTPUT"), "nat": ("PREROUTING", "INPUT", "OUTPUT", "POSTROUTING")}[table]
    first = {"filter": "INPUT", "raw": "-", "mangle": "-", "nat": "-"}[table]
    return (f"*{table}\n" + "".join(f":{c} {policy if c == first else 'ACCEPT'} [0:0]\n" for c in chains) + heads +
            "".join(rule + "\n" for rule in rules) + "COMMIT\n")


EST4 = "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"
ND6 = "-A INPUT -p ipv6-icmp -j ACCEPT"
DROP4 = "-A INPUT -s 131.0.72.0/22 -j DROP"

# name: parts by stack; every key is optional
TRAPS = {
    "01-accept-ends-its-own-chain-only": {"nft": nft(hook("a", "input", -10, rules=["accept"]), hook("b", "input", 0, rules=[ND, "ip saddr 131.0.72.0/22 drop"]))},
    "01-drop-is-final": {"nft": nft(hook("a", "input", -10, rules=["ip saddr 131.0.72.0/22 drop"]), hook("b", "input", 0, rules=["accept"]))},
    "02-equal-priority-refusals": {"nft": nft(hook("a", "input", 0, rules=[ND, "ip saddr 131.0.72.0/22 drop"]), table="one") + nft(hook("a", "input", 0, rules=["ip saddr 172.64.0.0/13 reject"]), table="two")},
    "03-legacy-accept-nft-drop": {"iptables-legacy": save(["-A INPUT -j ACCEPT"]), "nft": nft(hook("a", "input", 0, rules=["ip saddr 131.0.72.0/22 tcp dport 443 drop"]))},
    "03-legacy-drop-nft-accept": {"iptables-legacy": save([DROP4]), "nft": nft(hook("a", "input", 0, rules=["accept"]))},
    "03-three-stacks-intersect": {"iptables-legacy": save(["-A INPUT -s 104.16.0.0/13 -j DROP"]), "iptables-nft": save(["-A INPUT -s 172.64.0.0/13 -j DROP"]), "nft": nft(hook("a", "input", 0, rules=[ND, "ip saddr 131.0.72.0/22 drop"]))},
    "04-raw-drop": {"iptables-legacy": save(["-A PREROUTING -s 131.0.72.0/22 -j DROP"], table="raw")},
    "04-mangle-input-drop": {"iptables-legacy": save(["-A INPUT -s 131.0.72.0/22 -j DROP"], table="mangle")},
    "04-netdev-ingress-drop": {"nft": "table netdev t { chain i { type filter hook ingress device \"eth0\" priority 0; policy accept; ip saddr 131.0.72.0/22 drop\n}\n}\n"},
    "04-inet-ingress-drop": {"nft": "table inet t { chain i { type filter hook ingress device \"eth0\" priority 0; policy accept; ip saddr 131.0.72.0/22 drop\n}\n}\n"},
    "05-mark-from-legacy-seen-by-nft": {"iptables-legacy": save(["-A PREROUTING -s 131.0.72.0/22 -j MARK --set-mark 7"], table="mangle"), "nft": nft(hook("a", "input", 0, rules=["meta mark 7 drop"]))},
    "07-goto-ends-in-the-callers-caller": {"nft": nft(("deep", "", ["ip saddr 104.16.0.0/13 accept"]), ("mid", "", ["goto deep", "accept"]), hook("a", "input", 0, "drop", [ND, EST, "jump mid", "ip saddr 172.64.0.0/13 accept"]))},
    "07-goto-from-base-meets-the-policy": {"nft": nft(("deep", "", ["ip saddr 104.16.0.0/13 accept"]), hook("a", "input", 0, "drop", [ND, EST, "goto deep", "accept"]))},
    "07-goto-in-iptables": {"iptables-legacy": save([EST4, "-A INPUT -g U", "-A INPUT -j ACCEPT", "-A U -s 104.16.0.0/13 -j ACCEPT"], "DROP", heads=":U - [0:0]\n")},
    "08-return-in-a-built-in-chain": {"iptables-legacy": save([EST4, "-A INPUT -s 131.0.72.0/22 -j RETURN", "-A INPUT -j ACCEPT"], "DROP")},
    "09-vmap-miss-falls-through": {"nft": nft(hook("a", "input", 0, "drop", [ND, EST, "ip saddr vmap { 131.0.72.0/22 : drop, 104.16.0.0/13 : continue }", WEB]))},
    "09-vmap-with-concatenation": {"nft": nft(hook("a", "input", 0, "drop", [ND, EST, "ip saddr . tcp dport vmap { 131.0.72.0/22 . 443 : accept, 104.16.0.0-104.20.0.0 . 80-443 : accept }"]))},
    "09-catch-all-elements": {"nft": nft(hook("p", "prerouting", -150, rules=["meta mark set tcp dport map { 80 : 1, * : 2 }"]), hook("a", "input", 0, "drop", [ND, EST, "ip saddr @most meta mark 2 accept", "ip saddr vmap { 131.0.72.0/22 : accept, * : continue }", "ip6 saddr vmap { 2400:cb00::/32 : drop, * : accept }"]), more="set most { type ipv4_addr; flags interval,timeout; elements = { 104.16.0.0/13, * timeout 1h }; }")},
    "09-range-of-marks-listed-as-a-prefix": {"nft": nft(hook("p", "prerouting", -150, rules=["ip saddr 131.0.72.0/22 meta mark set 3", "ip saddr 104.16.0.0/13 meta mark set 2", "ip saddr 172.64.0.0/13 meta mark set 1"]), hook("a", "input", 0, "drop", [ND, EST, "meta mark vmap { 0 : drop, 2-3 : accept }", "meta mark 1 tcp dport vmap { 80-81 : drop, 442-443 : accept }"]))},
    "10-intervals-are-closed": {"nft": nft(hook("a", "input", 0, "drop", [ND, EST, "ip saddr 104.16.0.1-131.0.72.5 tcp dport 80-443 accept"]))},
    "11-ipset-nomatch": {"ipset": ["create e hash:net", "add e 104.16.0.0/12", "add e 104.31.0.0/16 nomatch"], "iptables-legacy": save(["-A INPUT -m set --match-set e src -j DROP"])},
    "11-ipset-src-src-never-matches": {"ipset": ["create e hash:net,port", "add e 104.16.0.0/12,tcp:443", "add e 131.0.72.0/22,tcp:443"], "iptables-legacy": save([EST4, "-A INPUT -m set --match-set e src,src -j ACCEPT", "-A INPUT -m set --match-set e src,dst -p tcp --dport 443 -s 131.0.72.0/22 -j ACCEPT"], "DROP")},
    "11-list-of-sets": {"ipset": ["create e hash:net", "add e 131.0.72.0/22", "create l list:set", "add l e"], "iptables-legacy": save(["-A INPUT -m set --match-set l src -j DROP"])},
    "12-wildcard-and-renamed-interface": {"iptables-legacy": save([EST4, "-A INPUT -i ens3 -j ACCEPT", "-A INPUT -i eth+ -s 131.0.72.0/22 -j ACCEPT"], "DROP")},
    "13-output-policy-drop": {"iptables-legacy": save(["-A INPUT -j ACCEPT"]).replace(":OUTPUT ACCEPT", ":OUTPUT DROP")},
    "13-synack-is-established-not-new": {"nft": nft(hook("o", "output", 0, "drop", ["meta l4proto ipv6-icmp accept", "ip daddr 131.0.72.0/22 ct state new accept", "ip daddr 104.16.0.0/12 ct state established accept"]))},
    "14-new-only-is-half-open": {"nft": nft(hook("a", "input", 0, "drop", [ND, "ct state new tcp dport { 80, 443 } accept"]))},
    "14-syn-only-is-half-open": {"iptables-legacy": save(["-A INPUT -p tcp --syn -j ACCEPT"], "DROP")},
    "15-notrack-is-untracked": {"nft": nft(hook("p", "prerouting", -300, rules=["ip saddr 131.0.72.0/22 notrack"]), hook("a", "input", 0, "drop", [ND, "ct state new,established accept"]))},
    "16-a-syn-is-never-invalid": {"nft": nft(hook("a", "input", 0, "drop", [ND, "ct state invalid drop", EST, WEB]))},
    "18-a-refusal-passes-output": {"iptables-legacy": save(["-A INPUT -s 131.0.72.0/22 -j REJECT"]).replace(":OUTPUT ACCEPT", ":OUTPUT DROP")},
    "18-reset-passes-output": {"nft": nft(hook("a", "input", 0, rules=["ip saddr 131.0.72.0/22 reject with tcp reset", "ip saddr 104.16.0.0/13 reject with tcp reset"]), hook("o", "output", 0, rules=["ip daddr 131.0.72.0/22 tcp flags & rst == rst drop"]))},
    "21-redirect-is-filtered-by-its-new-port": {"iptables-legacy": save(["-A PREROUTING -p tcp --dport 80 -j REDIRECT --to-ports 8443"], table="nat") + save([EST4, "-A INPUT -p tcp --dport 80 -j ACCEPT", "-A INPUT -s 131.0.72.0/22 -p tcp -m conntrack --ctorigdstport 80 -j ACCEPT", "-A INPUT -s 104.16.0.0/13 -m conntrack --ctstate DNAT -j ACCEPT"], "DROP")},
    "22-legacy-nat-nft-filter": {"iptables-legacy": save(["-A PREROUTING -p tcp --dport 80 -j REDIRECT --to-ports 443"], table="nat"), "nft": nft(hook("a", "input", 0, "drop", [ND, EST, "ip saddr 131.0.72.0/22 tcp dport 443 accept", "tcp dport 80 accept"]))},
    "22-first-nat-chain-wins": {"nft": nft(hook("p", "prerouting", -110, rules=["tcp dport 80 redirect to :8080"], kind="nat"), table="one") + nft(hook("p", "prerouting", -100, rules=["tcp dport 80 redirect to :443", "tcp dport 8080 redirect to :443"], kind="nat"), table="two")},
    "23-prerouting-before-and-after-nat": {"nft": nft(hook("p", "prerouting", -100, rules=["tcp dport { 80, 443 } redirect to :8443"], kind="nat"), hook("early", "prerouting", -150, rules=["ip saddr 131.0.72.0/22 tcp dport 80 drop"]), hook("late", "prerouting", -50, rules=["ip saddr 104.16.0.0/13 tcp dport 80 drop", "ip saddr 172.64.0.0/13 tcp dport 8443 drop"]))},
    "24-docker-passes-by-input-drop": {"forward": True, "iptables-legacy": save(["-A PREROUTING -p tcp --dport 80 -j DNAT --to-destination 172.17.0.2:8080"], table="nat") + save([], "DROP")},
    "24-docker-user-sees-the-inner-port": {"forward": True, "iptables-legacy": save(["-A PREROUTING -p tcp --dport 80 -j DNAT --to-destination 172.17.0.2:8080"], table="nat") + save(["-A FORWARD -p tcp --dport 80 -j DROP", "-A FORWARD -s 131.0.72.0/22 -p tcp -m conntrack --ctorigdstport 80 -j DROP"])},
    "24-without-forwarding": {"iptables-legacy": save(["-A PREROUTING -p tcp --dport 80 -j DNAT --to-destination 172.17.0.2:8080"], table="nat")},
    "24-foreign-forward-policy": {"forward": True, "iptables-legacy": save(["-A PREROUTING -p tcp --dport 80 -j DNAT --to-destination 172.17.0.2:8080"], table="nat") + save(["-A FORWARD -j ACCEPT"]), "nft": nft(hook("f", "forward", 0, "drop", ["ct state established accept"]))},
    "25-nat-chain-without-tracking-does-not-run": {"nft": nft(hook("p", "prerouting", -100, rules=["ip saddr 131.0.72.0/22 drop"], kind="nat"))},
    "25-nat-chain-with-tracking-runs": {"nft": nft(hook("p", "prerouting", -100, rules=["ip saddr 131.0.72.0/22 drop"], kind="nat"), hook("a", "input", 0, rules=["ct state invalid drop"]))},
    "25-legacy-nat-policy-drop": {"iptables-legacy": save(["-A PREROUTING -s 104.16.0.0/12 -j ACCEPT"], table="nat").replace(":PREROUTING ACCEPT", ":PREROUTING DROP")},
    "26-reject-in-prerouting": {"nft": nft(hook("p", "prerouting", -150, rules=["ip saddr 131.0.72.0/22 reject with icmp type admin-prohibited", "ip saddr 104.16.0.0/13 meta l4proto tcp reject with tcp reset"]))},
    "30-strict-reverse-path": {"routes": ["route add 131.0.72.0/22 dev wg0"], "sysctls": [("net.ipv4.conf.eth0.rp_filter", 1)]},
    "30-loose-reverse-path-answers-elsewhere": {"routes": ["route add 131.0.72.0/22 dev wg0"], "sysctls": [("net.ipv4.conf.eth0.rp_filter", 2)]},
    "30-fib-missing": {"routes": ["route add 131.0.72.0/22 dev wg0"], "nft": nft(hook("p", "prerouting", -150, rules=["fib saddr . iif oif missing drop"]))},
    "31-blackholed-way-back": {"routes": ["route add blackhole 131.0.72.0/22", "route add unreachable 172.64.0.0/13", "-6 route add prohibit 2606:4700::/32"]},
    "31-throw-route": {"routes": ["route add throw 131.0.72.0/22"]},
    "32-rule-from-does-not-stop": {"routes": ["rule add from 131.0.72.0/22 prohibit pref 100", "rule add to 172.64.0.0/13 blackhole pref 101"]},
    "33-v4-only-rules-leave-v6-open": {"iptables-legacy": save([EST4, "-A INPUT -s 104.16.0.0/12 -j ACCEPT"], "DROP")},
    "33-inet-policy-closes-v6": {"nft": nft(hook("a", "input", 0, "drop", [ND, EST, "ip saddr 0.0.0.0/0 tcp dport { 80, 443 } accept"]))},
    "06-each-save-hides-the-other-stack": {"iptables-nft": save([DROP4]), "iptables-legacy": save(["-A INPUT -s 104.16.0.0/13 -j DROP"])},
    "17-ban-before-established-kills-what-is-open": {"forget": "bad", "nft": nft(hook("a", "input", 0, rules=[ND, "ip saddr @bad drop", EST, "ip saddr 131.0.72.0/22 add @bad { ip saddr }"]), more="set bad { type ipv4_addr; flags dynamic; size 1000; }")},
    "19-string-drops-the-request": {"unknown": "The request's bytes decide.\n0.0.0.0/0 80", "iptables-legacy": save(["-A INPUT -p tcp --dport 80 -m string --string ping --algo bm -j DROP"])},
    "27-limit-is-one-bucket-for-all": {"alone": True, "nft": nft(hook("a", "input", 0, "drop", [ND, EST, "tcp dport 80 limit rate 5/second burst 5 packets accept", "tcp dport 443 limit rate over 5/second burst 5 packets drop", "tcp dport 443 accept"]))},
    "28-recent-and-hashlimit": {"alone": True, "iptables-legacy": save([EST4, "-A INPUT -p tcp --dport 80 -m recent --name u --set", "-A INPUT -p tcp --dport 80 -m recent --name u --update --seconds 30 --hitcount 6 -j REJECT", "-A INPUT -p tcp --dport 80 -m recent --name v --rcheck --seconds 5 --hitcount 1 -j DROP", "-A INPUT -p tcp --dport 443 -m hashlimit --hashlimit-above 5/sec --hashlimit-burst 5 --hashlimit-mode srcip --hashlimit-srcmask 24 --hashlimit-name h -j DROP", "-A INPUT -p tcp --dport 8443 -m connlimit --connlimit-above 10 -j REJECT --reject-with tcp-reset", "-A INPUT -p tcp -j ACCEPT"], "DROP")},
    "29-chance-decides": {"unknown": "Chance decides.\n0.0.0.0/0 80", "iptables-legacy": save(["-A INPUT -p tcp --dport 80 -m statistic --mode random --probability 0.5 -j DROP"])},
    "34-element-with-a-limit-counts-when-found": {"forget": "dyn", "nft": nft(hook("a", "input", 0, rules=[ND, "ip saddr @dyn drop", "tcp dport 80 update @dyn { ip saddr limit rate over 1000/second burst 2000 packets } drop"]), more="set dyn { type ipv4_addr; flags dynamic; size 1000; }")},
    "34-added-element-keeps-its-limit": {"forget": "dyn", "nft": nft(hook("a", "input", 0, "drop", [ND, EST, "tcp dport 443 update @dyn { ip saddr limit rate over 1000/second burst 2000 packets } drop", "ct state new add @dyn { ip saddr } accept"]), more="set dyn { type ipv4_addr; flags dynamic; size 1000; }")},
    "34-answer-is-looked-up-by-its-own-source": {"forget": "dyn", "nft": nft(hook("a", "input", 0, rules=[ND, "tcp dport 443 add @dyn { ip saddr }"]), hook("o", "output", 0, rules=["ip saddr @dyn drop", "tcp sport 443 ip daddr @dyn ip daddr 131.0.72.0/22 drop"]), more="set dyn { type ipv4_addr; flags dynamic; size 1000; }")},
    "34-set-of-ipv4-misses-ipv6": {"forget": "dyn", "nft": nft(hook("a", "input", 0, "drop", [ND, EST, "ct state new add @dyn { ip saddr } accept"]), more="set dyn { type ipv4_addr; flags dynamic; size 1000; }")},
    "35-redirect-to-the-same-port-is-no-dnat": {"nft": nft(hook("p", "prerouting", -100, rules=["tcp dport 443 redirect to :443", "tcp dport 80 redirect to :8443"], kind="nat"), hook("a", "input", -150, rules=["ct status dnat drop"]))},
    "35-ct-status-holds-more-than-dnat": {"nft": nft(hook("p", "prerouting", -100, rules=["tcp dport 80 redirect to :8443"], kind="nat"), hook("a", "input", -150, rules=["ct status vmap { dnat : drop, confirmed : drop }"]))},
    "36-ct-address-is-of-one-family": {"nft": nft(hook("a", "input", 0, rules=[ND, "ct original ip saddr != 131.0.72.0/22 tcp dport 80 drop", "ct reply ip saddr != 198.51.100.0/24 drop"]))},
    "36-ct-protocol-of-untracked": {"nft": nft(hook("p", "prerouting", -300, rules=["tcp dport 443 notrack"]), hook("a", "input", 0, rules=[ND, "ct l3proto ipv4 drop", "ct protocol tcp reject"]))},
    "36-ctproto-of-an-icmp-refusal": {"iptables-legacy": save(["-A INPUT -s 131.0.72.0/22 -j REJECT", "-A INPUT -s 172.64.0.0/13 -p tcp -j REJECT --reject-with tcp-reset", "-A OUTPUT -p icmp -m conntrack --ctproto 6 -j DROP"])},
    "37-icmp-error-is-network-control": {"iptables-legacy": save(["-A INPUT -s 131.0.72.0/22 -j REJECT", "-A INPUT -s 172.64.0.0/13 -p tcp -j REJECT --reject-with tcp-reset", "-A OUTPUT -p icmp -m dscp --dscp 0 -j DROP", "-A OUTPUT -p tcp -m tcp --tcp-flags RST RST -m dscp --dscp 0 -j DROP"]), "ip6tables-legacy": save(["-A INPUT -s 2606:4700::/32 -j REJECT", "-A OUTPUT -p ipv6-icmp -m icmp6 --icmpv6-type 1 -m dscp --dscp 0 -j DROP"])},
    "38-net-iface-ends-at-the-longest-prefix": {"ipset": ["create e hash:net,iface", "add e 104.16.0.0/12,eth0", "add e 104.31.0.0/16,lo", "add e 131.0.72.0/22,lo"], "iptables-legacy": save(["-A INPUT -m set --match-set e src,src -j DROP"])},
    "39-family-hidden-before-tcp-reset": {"nft": nft(hook("a", "input", 0, rules=[ND, "meta nfproto ipv6 tcp dport 80 reject with tcp reset", "tcp dport 443 reject with tcp reset", "tcp dport 8443 reject with icmp type admin-prohibited", "meta protocol ip tcp dport 8080 reject with tcp reset", "tcp dport 8080 drop"]))},
    "40-iiftype-after-routing-is-the-way-out": {"nft": nft(hook("o", "output", 0, rules=["meta iiftype ether tcp sport 80 drop"]), hook("q", "postrouting", 0, rules=["meta iiftype ether tcp sport 443 drop", "iifname \"eth0\" drop"]))},
    "41-servers-acknowledgement-opens-a-connection": {"nft": nft(hook("p", "prerouting", -300, rules=["ip saddr 131.0.72.0/22 notrack"]), hook("o", "output", 0, rules=["ct state new ct direction original tcp sport 443 drop"]))},
    "42-recent-looks-up-the-answers-own-source": {"iptables-legacy": save(["-A INPUT -p tcp --dport 80 -m recent --name s --set", "-A OUTPUT -p tcp --sport 80 -m recent --name s --rcheck --seconds 60 -j DROP", "-A INPUT -p tcp --dport 443 -m recent --name d --set", "-A OUTPUT -p tcp --sport 443 -m recent --name d --rdest --rcheck --seconds 60 -j DROP"])},
    "44-notrack-spares-the-refusal-of-an-untracked-packet": {"iptables-legacy": save(["-A PREROUTING -p tcp --dport 80 -j CT --notrack", "-A OUTPUT -j CT --notrack"], table="raw") + save(["-A INPUT -s 131.0.72.0/22 -j REJECT", "-A INPUT -s 104.16.0.0/13 -p tcp -j REJECT --reject-with tcp-reset", "-A OUTPUT -m conntrack --ctstate UNTRACKED -j DROP"])},
    "44-nft-notrack-spares-none": {"nft": nft(hook("p", "prerouting", -300, rules=["tcp dport 80 notrack"]), hook("r", "output", -300, rules=["notrack"]), hook("a", "input", 0, rules=[ND, "ip saddr 131.0.72.0/22 reject", "ip saddr 104.16.0.0/13 reject with tcp reset"]), hook("o", "output", 0, rules=["ct state untracked drop"]))},
    "39-connection-hidden-before-a-refusal": {"nft": nft(hook("p", "prerouting", -400, rules=["ct l3proto ipv4 reject"]), hook("a", "input", 0, rules=[ND, "ct l3proto ipv4 ct protocol tcp tcp dport 443 reject with tcp reset", "ct l3proto ipv6 tcp dport 8080 reject with icmpv6 type admin-prohibited"])) + nft(hook("p", "prerouting", -400, rules=["ct protocol tcp reject with tcp reset", "ct protocol tcp tcp dport 80 drop"]), family="ip")},
    "45-a-refusal-of-what-goes-on-is-in-the-hosts-name": {"forward": True, "iptables-legacy": save(["-A PREROUTING -p tcp --dport 80 -j DNAT --to-destination 172.17.0.2:8080"], table="nat") + save(["-A FORWARD -p tcp --dport 8080 -j REJECT"]) + "*mangle\n:POSTROUTING ACCEPT [0:0]\n-A POSTROUTING -m addrtype ! --src-type LOCAL -j DROP\nCOMMIT\n"},
    "46-two-comparisons-listed-as-one-range": {"unknown": "nft lists two of its comparisons as one range.\n0.0.0.0/0 80\n0.0.0.0/0 443\n0.0.0.0/0 8080\n0.0.0.0/0 8443", "nft": nft(hook("a", "input", 0, rules=["ip length < 30 ip ttl > 4 drop", "tcp dport < 100 tcp sport > 200 ip saddr 131.0.72.0/22 drop"]))},
    "47-masqueraded-and-not-translated-back": {"forward": True, "iptables-legacy": save(["-A PREROUTING -i docker0 -j CT --notrack"], table="raw") + save(["-A PREROUTING -p tcp --dport 80 -j DNAT --to-destination 172.17.0.2:8080", "-A POSTROUTING -o docker0 -j MASQUERADE"], table="nat")},
    "48-a-recent-list-counts-the-container-of-everybody": {"forward": True, "unknown": "The answers of all connections come from one container.\n0.0.0.0/0 80", "iptables-legacy": save(["-A PREROUTING -p tcp --dport 80 -j DNAT --to-destination 172.17.0.2:8080"], table="nat") + "*mangle\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -m recent --name r --rcheck --seconds 1 --hitcount 15 -j DROP\n-A PREROUTING -m recent --name r --set\nCOMMIT\n"},
    "49-a-rule-for-one-family-and-the-other-meets-nobody": {"nft": nft(hook("a", "input", 0, rules=[ND, "meta protocol ip exthdr frag missing reject", "tcp dport 443 drop"]))},
    "53-ipsec-policies-stop-what-is-in-the-clear": {
        "unknown": "An IPsec policy decides.\n131.0.72.0/22 80\n131.0.72.0/22 443\n131.0.72.0/22 8443\n131.0.72.0/22 8080\n"
                   "172.64.0.0/13 80\n172.64.0.0/13 443\n172.64.0.0/13 8443\n172.64.0.0/13 8080\n"
                   "2400:cb00::/32 80\n2400:cb00::/32 443\n2400:cb00::/32 8443\n2400:cb00::/32 8080",
        "routes": ["xfrm policy add src 131.0.72.0/22 dst 0.0.0.0/0 dir in action block", "xfrm policy add src 0.0.0.0/0 dst 172.64.0.0/13 dir out "
                   "tmpl src 198.51.100.9 dst 203.0.113.9 proto esp mode tunnel",
                   "xfrm policy add src 2400:cb00::/32 dst ::/0 proto tcp dir in tmpl proto esp mode transport",
                   "xfrm policy add src 104.16.0.0/12 dst 0.0.0.0/0 dir in", "xfrm policy add src 2606:4700::/32 dst ::/0 dir in tmpl proto esp mode transport level use"],
        "iptables-legacy": save(["-A INPUT -s 131.0.76.0/22 -j DROP"])},
    "54-dormant-table-has-no-hooks": {"nft": "table inet d {\nflags dormant\nchain a { type filter hook input priority 0; policy drop;\ntcp dport 443 reject\n}\n}\n"
                                      + nft(hook("a", "input", 0, rules=[ND, "ip saddr 131.0.72.0/22 drop"]))},
    "55-zones-of-one-direction": {"iptables-legacy": save(["-A PREROUTING -p tcp --dport 80 -j CT --zone-orig 6", "-A PREROUTING -p tcp --dport 443 -j CT --zone-reply 6",
                                                           "-A OUTPUT -p tcp --sport 443 -j CT --zone-reply 6", "-A PREROUTING -s 131.0.72.0/22 -p tcp --dport 8443 -j CT --zone 5"], table="raw")
                                  + save([EST4, "-A INPUT -p tcp --syn -j ACCEPT"], "DROP").replace("COMMIT", "-A OUTPUT -p tcp -m conntrack --ctstate INVALID -j DROP\nCOMMIT"),
                                  "nft": nft(hook("p", "prerouting", -300, rules=["tcp dport 80 ct original zone set 6", "tcp dport 443 ct reply zone set 6", "ip6 saddr 2400:cb00::/32 tcp dport 8443 ct zone set 5"]),
                                             hook("q", "output", -300, rules=["tcp sport 443 ct reply zone set 6"]), hook("o", "output", 0, rules=["ct state invalid drop"]),
                                             hook("a", "input", 0, "drop", [ND, EST, "tcp dport 80 ct original zone 6 ct reply zone 0 accept", "tcp dport 443 ct original zone 0 ct zone 6 accept", "tcp dport 8443 ct state new accept"]), family="ip6")},
    "56-first-zone-or-notrack-stays": {"iptables-legacy": save(["-A PREROUTING -p tcp --dport 80 -j CT --zone-orig 6", "-A PREROUTING -p tcp --dport 80 -j CT --zone 7", "-A PREROUTING -p tcp --dport 80 -j CT --notrack",
                                                                "-A PREROUTING -p tcp --dport 443 -j CT --notrack", "-A PREROUTING -p tcp --dport 443 -j CT --zone 7"], table="raw")
                                       + save(["-A INPUT -p tcp --dport 443 -m conntrack --ctstate UNTRACKED -j ACCEPT", EST4, "-A INPUT -p tcp --syn -j ACCEPT"], "DROP"),
                                       "nft": nft(hook("p", "prerouting", -300, rules=["tcp dport 80 ct original zone set 6", "tcp dport 80 notrack", "tcp dport 443 notrack", "tcp dport 443 ct original zone set 7"]),
                                                  hook("a", "input", 0, "drop", [ND, EST, "tcp flags syn / syn,ack accept"]), family="ip6")},
    "57-headers-of-ipv6": {"ip6tables-legacy": save(["-A INPUT -p tcp --dport 80 -m ipv6header --header prot -j DROP", "-A INPUT -p tcp --dport 443 -m ipv6header --header hop,prot --soft -j DROP",
                                                     "-A INPUT -p tcp --dport 443 -m ipv6header ! --header hop,frag --soft -j REJECT --reject-with tcp-reset", "-A INPUT -p tcp --dport 8443 -m ipv6header --header hop,prot -j DROP",
                                                     "-A INPUT -p tcp --dport 8443 -m ipv6header ! --header prot -j DROP", "-A INPUT -p tcp --dport 8443 -m frag ! --fragid 5 -j DROP", "-A INPUT -p tcp --dport 8443 -m rt ! --rt-type 2 -j DROP",
                                                     "-A INPUT -p tcp --dport 8443 -m ipv6header ! --header prot --soft -j DROP", "-A INPUT -s 2400:cb00::/32 -p tcp --dport 8443 -m ipv6header --header prot --soft -j DROP",
                                                     "-A INPUT -p tcp --dport 8080 -m ipv6header ! --header hop,prot -j DROP"])},
    "58-old-name-of-notrack": {"iptables-nft": save(["-A PREROUTING -s 131.0.72.0/22 -j NOTRACK"], table="raw") + save(["-A INPUT -m conntrack --ctstate UNTRACKED -j REJECT"])},
    "59-objects-that-a-map-chooses": {
        "alone": True,
        "nft": nft(hook("a", "input", 0, "drop", [
            ND, EST, "tcp dport 80 limit name ip saddr map { 104.16.0.0/13 : \"la\", 131.0.72.5 : \"lo\" } accept",
            "tcp dport 80 limit name ip6 saddr map @named drop", "tcp dport 80 ip6 saddr 2606:4700::/32 accept",
            "limit name tcp dport map { 443 : \"lo\" } drop", "tcp dport 443 counter name ip saddr map { 104.16.0.0/12 : \"ca\" } accept",
            "tcp dport 443 quota name ip6 saddr map { 2606:4700::/32 : \"qa\", 2400:cb00::/32 : \"qb\" } accept",
            "tcp dport 8443 ct helper set ip saddr map { 131.0.72.0/22 : \"h\" } accept"]),
            more="limit la { rate 5/second\n}\nlimit lo { rate over 100/second burst 50 packets\n}\ncounter ca { }\nquota qa { 900 mbytes\n}\nquota qb { over 900 mbytes\n}\n"
                 "ct helper h { type \"ftp\" protocol tcp; l3proto ip\n}\nmap named { type ipv6_addr : limit; flags interval; elements = { 2400:cb00::/32 : \"la\" }\n}")},
    "60-recent-lists-hold-who-came-before": {
        "recent": ["ban +104.16.0.1", "ban +131.0.72.5", "ban +198.18.0.1", "scan +131.0.76.1", "knock +104.31.255.255", "often +172.64.9.9", "few +172.64.9.9", "few +172.64.9.9", "wide +131.0.72.9", "wide +131.0.76.0",
                   "ban6 +2606:4700::1", "knock6 +2400:cb00::9"] + ["often +172.64.9.9"] * 7,
        "iptables-legacy": save(["-A INPUT -p tcp --dport 80 -m recent --update --seconds 3600 --name ban -j REJECT", "-A INPUT -p tcp --dport 80 -m recent --rcheck --seconds 86400 --name scan -j DROP",
                                 "-A INPUT -p tcp --dport 80 -m recent --rcheck --seconds 3600 --hitcount 6 --name often -j REJECT --reject-with tcp-reset",
                                 "-A INPUT -p tcp --dport 80 -m recent --rcheck --seconds 3600 --hitcount 6 --name few -j DROP", "-A INPUT -p tcp --dport 80 -j ACCEPT",
                                 EST4, "-A INPUT -p tcp --dport 443 -m recent --rcheck --name knock -j ACCEPT", "-A INPUT -p tcp --dport 443 -m recent --rcheck --name wide --mask 255.255.255.0 -j ACCEPT",
                                 "-A INPUT -p tcp --dport 443 -m recent ! --rcheck --name ban -j REJECT --reject-with tcp-reset", "-A INPUT -p tcp --dport 8443 -m recent --name none --rcheck -j DROP",
                                 "-A INPUT -p tcp --dport 8443 -j ACCEPT"], "DROP"),
        "ip6tables-legacy": save([ND6, "-A INPUT -m recent --update --seconds 600 --name ban6 -j REJECT", EST4, "-A INPUT -p tcp --dport 443 -m recent --name knock6 --rcheck --seconds 600 -j ACCEPT"], "DROP")},
    "99-exthdr-missing-is-ipv6-only": {"nft": nft(hook("a", "input", 0, "drop", [ND, EST, "exthdr frag missing tcp dport 443 accept", "ip saddr 131.0.72.0/22 accept"]))},
    "99-addrtype-unicast-in-ipv6": {"ip6tables-legacy": save(["-A INPUT -p tcp -m addrtype --dst-type UNICAST -j REJECT --reject-with tcp-reset"]), "iptables-legacy": save(["-A INPUT -p tcp -m addrtype --dst-type UNICAST -j REJECT"])},
    "50-refusals-of-routing-without-forwarding": {
        "routes": ["-6 route add unreachable fd00:98::/64", "-6 route add prohibit fd00:97::/64", "-6 route add blackhole fd00:96::/64",
                   "-6 rule add from 2400:cb00::/32 to fd00:17::/64 prohibit pref 90", "-6 rule add pref 40000 lookup 100",
                   "-6 rule add to fd00:95::/64 pref 100 goto 40000", "route add unreachable 172.18.0.0/16", "route add prohibit 172.19.0.0/16",
                   "route add blackhole 172.20.0.0/16", "rule add from 131.0.72.0/22 to 172.17.0.0/16 prohibit pref 90"],
        "ip6tables-legacy": save(["-A PREROUTING -p tcp --dport 80 -j DNAT --to-destination [fd00:17::2]:8080",
                                  "-A PREROUTING -p tcp --dport 443 -j DNAT --to-destination [fd00:98::2]:443",
                                  "-A PREROUTING -p tcp --dport 8443 -j DNAT --to-destination [fd00:97::2]:443",
                                  "-A PREROUTING -s 2400:cb00::/32 -p tcp --dport 8080 -j DNAT --to-destination [fd00:95::2]:443",
                                  "-A PREROUTING -p tcp --dport 8080 -j DNAT --to-destination [fd00:96::2]:443"], table="nat"),
        "iptables-legacy": save(["-A PREROUTING -p tcp --dport 80 -j DNAT --to-destination 172.17.0.2:8080",
                                 "-A PREROUTING -p tcp --dport 443 -j DNAT --to-destination 172.18.0.2:443",
                                 "-A PREROUTING -p tcp --dport 8443 -j DNAT --to-destination 172.19.0.2:443",
                                 "-A PREROUTING -p tcp --dport 8080 -j DNAT --to-destination 172.20.0.2:443"], table="nat")},
}


class Ruleset:
    """What differential.load() and clear() ask of one."""

    def __init__(self, parts):
        self.ipsets, self.nft = parts.get("ipset", []), parts.get("nft", "")
        self.restores = [(f"{stack}-restore", text) for stack, text in parts.items() if "tables" in stack]
        self.routes, self.sysctls = parts.get("routes", []), list(parts.get("sysctls", []))
        if parts.get("forward"):
            self.sysctls += [("net.ipv4.ip_forward", 1), ("net.ipv6.conf.all.forwarding", 1)]

    def legacy(self, tool):
        return any(name == f"{tool}-legacy-restore" for name, _ in self.restores)

    def undo_routes(self):
        return [line.replace("route add", "route del").replace("rule add", "rule del")
                if "xfrm" not in line else "xfrm policy flush" for line in self.routes]


def record(sandbox, prober, name, parts):
    ruleset = Ruleset(parts)
    loaded = fuzz.load(sandbox, ruleset)
    if loaded is not True:
        raise SystemExit(f"{name}: {loaded}")
    for entry in parts.get("recent", []):  # "LIST +ADDRESS"
        (pathlib.Path("/proc/net/xt_recent") / entry.split()[0]).write_text(entry.split()[1] + "\n")
    folder = HERE / f"trap-{name}"
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "dump").mkdir(parents=True)
    fuzz.collect(sandbox, folder / "dump", fuzz.STATE)
    fuzz.collect(sandbox, folder / "dump", fuzz.COLLECT)
    sysctl = folder / "dump/sysctl.txt"  # without what is 0 anyway
    sysctl.write_text("".join(line for line in sysctl.read_text().splitlines(True) if not line.endswith("= 0\n")))
    questions = [(source, port) for source in SOURCES for port in (80, 443, 8443, 8080)]
    if parts.get("alone") or parts.get("forget") or parts.get("recent"):  # one connection must not change the next one's way
        verdicts = []
        for question in questions:
            if parts.get("forget"):
                sandbox.tool("nft", "flush", "set", "inet", "t", parts["forget"])
            verdicts += prober.ask([question], 0.3)
    else:
        verdicts = prober.ask(questions, 1.5)
    samples = [{"src": source, "port": port, "verdict": verdict} for (source, port), verdict in zip(questions, verdicts)]
    (folder / "truth.json").write_text("{\"ruleset\": \"trap-" + name + "\", \"samples\": [\n" +
                                       ",\n".join(json.dumps(one) for one in samples) + "\n]}\n")
    if parts.get("unknown"):
        (folder / "unknown.txt").write_text(f"# {parts['unknown']}\n")
    fuzz.clear(sandbox, ruleset)
    return verdicts


def main(names):
    sandbox = fuzz.Sandbox()
    try:
        prober = fuzz.Prober(sandbox)
        sandbox.go_inside()
        for name, parts in TRAPS.items():
            if not names or name in names:
                verdicts = record(sandbox, prober, name, parts)
                print(name, {word: verdicts.count(word) for word in sorted(set(verdicts))}, flush=True)
    finally:
        sandbox.close()


if __name__ == "__main__":
    main(sys.argv[1:])
