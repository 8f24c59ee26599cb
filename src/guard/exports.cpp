#include "guard/exports.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/text.hpp"

namespace causeway::guard {
namespace {

using Json = nlohmann::ordered_json;

struct Form {
  std::string_view word;
  ExportForm form;
};
constexpr std::array kForms{
    Form{"list", ExportForm::list},   Form{"json", ExportForm::json},
    Form{"aws", ExportForm::aws},     Form{"gcloud", ExportForm::gcloud},
    Form{"azure", ExportForm::azure}, Form{"hcloud", ExportForm::hcloud},
    Form{"doctl", ExportForm::doctl}, Form{"terraform", ExportForm::terraform},
    Form{"nginx", ExportForm::nginx}, Form{"apache", ExportForm::apache},
    Form{"csf", ExportForm::csf},
};

std::vector<std::string> of_family(const Export& what, bool v4) {
  std::vector<std::string> out;
  for (const auto& range : what.ranges) {
    if (range.address().is_v4() == v4) out.push_back(range.text());
  }
  return out;
}

std::vector<std::string> all_of(const Export& what) {
  auto out = of_family(what, true);
  for (auto& one : of_family(what, false)) out.push_back(std::move(one));
  return out;
}

// Names of rules and resources: what every provider takes.
std::string plain_name(std::string_view edge) {
  std::string out;
  for (const char c : lower(edge)) {
    const bool good = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (good) out += c;
    if (!good && !out.empty() && out.back() != '-') out += '-';
  }
  while (!out.empty() && out.back() == '-') out.pop_back();
  return out.empty() ? "edge" : out;
}

// A shell's comment: a file's name is somebody else's word.
std::string headline(const Export& what, std::string_view mark) {
  constexpr std::size_t kNameShown = 100;
  return fmt::format("{} {}{}, {} ranges, ports {}\n", mark, printable(what.edge, kNameShown),
                     what.date.empty() ? "" : fmt::format(" ({})", what.date), what.ranges.size(),
                     fmt::join(what.ports, ", "));
}

std::string ranges_json(const Export& what) {
  Json out;
  out["schema"] = "causeway.ranges/1";
  out["edge"] = what.edge;
  if (!what.date.empty()) out["date"] = what.date;
  out["ports"] = what.ports;
  out["ipv4"] = of_family(what, true);
  out["ipv6"] = of_family(what, false);
  return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string aws(const Export& what) {
  std::string out = headline(what, "#");
  out += fmt::format(
      "# {} rules of the group's quota (60 unless raised). GROUP: the security group's id.\n",
      what.ranges.size() * what.ports.size());
  for (const auto port : what.ports) {
    Json permission{{"IpProtocol", "tcp"}, {"FromPort", port}, {"ToPort", port}};
    for (const auto& range : of_family(what, true)) {
      permission["IpRanges"].push_back({{"CidrIp", range}, {"Description", plain_name(what.edge)}});
    }
    for (const auto& range : of_family(what, false)) {
      permission["Ipv6Ranges"].push_back(
          {{"CidrIpv6", range}, {"Description", plain_name(what.edge)}});
    }
    out += fmt::format(
        "aws ec2 authorize-security-group-ingress --group-id \"$GROUP\" --ip-permissions '{}'\n",
        Json::array({permission}).dump());
  }
  return out;
}

// A rule of one family each: Google's take no mixture.
std::string gcloud(const Export& what) {
  std::string out = headline(what, "#");
  std::vector<std::string> allow;
  allow.reserve(what.ports.size());
  for (const auto port : what.ports) allow.push_back(fmt::format("tcp:{}", port));
  for (const bool v4 : {true, false}) {
    const auto ranges = of_family(what, v4);
    if (ranges.empty()) continue;
    out += fmt::format(
        "gcloud compute firewall-rules create {}-ipv{} --network \"$NETWORK\" --direction INGRESS "
        "--priority 900 --allow {} --source-ranges {}\n",
        plain_name(what.edge), v4 ? 4 : 6, join(allow, ","), join(ranges, ","));
  }
  return out;
}

std::string azure(const Export& what) {
  std::string out = headline(what, "#");
  int priority = 200;
  for (const bool v4 : {true, false}) {
    const auto ranges = of_family(what, v4);
    if (ranges.empty()) continue;
    out += fmt::format(
        "az network nsg rule create --resource-group \"$GROUP\" --nsg-name \"$NSG\" --name "
        "{}-ipv{} --priority {} --direction Inbound --access Allow --protocol Tcp "
        "--destination-port-ranges {} --source-address-prefixes {}\n",
        plain_name(what.edge), v4 ? 4 : 6, priority++, fmt::join(what.ports, " "),
        join(ranges, " "));
  }
  return out;
}

// `hcloud firewall replace-rules NAME --rules-file FILE` takes this file.
std::string hcloud(const Export& what) {
  Json out = Json::array();
  for (const auto port : what.ports) {
    out.push_back({{"direction", "in"},
                   {"protocol", "tcp"},
                   {"port", fmt::format("{}", port)},
                   {"source_ips", all_of(what)},
                   {"description", plain_name(what.edge)}});
  }
  return out.dump(2) + "\n";
}

std::string doctl(const Export& what) {
  std::string out = headline(what, "#");
  for (const auto port : what.ports) {
    std::string rule = fmt::format("protocol:tcp,ports:{}", port);
    for (const auto& range : all_of(what)) rule += ",address:" + range;
    out += fmt::format("doctl compute firewall add-rules \"$FIREWALL\" --inbound-rules \"{}\"\n",
                       rule);
  }
  return out;
}

std::string quoted_list(const std::vector<std::string>& words) {
  std::string out;
  for (const auto& word : words) out += fmt::format("    \"{}\",\n", word);
  return "[\n" + out + "  ]";
}

std::string terraform(const Export& what) {
  const auto ipv4 = of_family(what, true);
  const auto ipv6 = of_family(what, false);
  std::string name = plain_name(what.edge);
  std::ranges::replace(name, '-', '_');
  std::string out = headline(what, "#");
  out += fmt::format("locals {{\n  {0}_ipv4 = {1}\n  {0}_ipv6 = {2}\n  {0}_ports = [{3}]\n}}\n",
                     name, quoted_list(ipv4), quoted_list(ipv6), fmt::join(what.ports, ", "));
  for (const bool v4 : {true, false}) {
    if ((v4 ? ipv4 : ipv6).empty()) continue;
    out += fmt::format(
        "\nresource \"aws_vpc_security_group_ingress_rule\" \"{0}_ipv{1}\" {{\n"
        "  for_each          = {{ for p in setproduct(local.{0}_ipv{1}, local.{0}_ports) : "
        "\"${{p[0]}} ${{p[1]}}\" => p }}\n"
        "  security_group_id = var.security_group_id\n  ip_protocol       = \"tcp\"\n"
        "  from_port         = each.value[1]\n  to_port           = each.value[1]\n"
        "  cidr_ipv{1}         = each.value[0]\n}}\n",
        name, v4 ? 4 : 6);
  }
  return out;
}

// Where the edge tells the visitor's address.
std::string_view visitor_field(const Export& what) {
  return what.edge == "cloudflare" ? "CF-Connecting-IP" : "X-Forwarded-For";
}

std::string nginx(const Export& what) {
  std::string out = headline(what, "#");
  out += "# http or server: visitors' own addresses instead of the edge's\n";
  for (const auto& range : all_of(what)) out += fmt::format("set_real_ip_from {};\n", range);
  out += fmt::format("real_ip_header {};\nreal_ip_recursive on;\n", visitor_field(what));
  out +=
      "# http: with real_ip the allow and deny directives see visitors, so who connects is asked "
      "of geo\ngeo $realip_remote_addr $from_edge {\n  default 0;\n";
  for (const auto& range : all_of(what)) out += fmt::format("  {} 1;\n", range);
  return out + "}\n# server: only the edge\n# if ($from_edge = 0) { return 403; }\n";
}

std::string apache(const Export& what) {
  std::string out = headline(what, "#");
  out += "# visitors' own addresses instead of the edge's (mod_remoteip)\n";
  out += fmt::format("RemoteIPHeader {}\n", visitor_field(what));
  for (const auto& range : all_of(what)) out += fmt::format("RemoteIPTrustedProxy {}\n", range);
  out += "# only the edge: by the address that connects (mod_authz_core)\n";
  out += "# <Location \"/\">\n#   <RequireAny>\n";
  for (const auto& range : all_of(what)) {
    out += fmt::format("#     Require expr \"%{{CONN_REMOTE_ADDR}} -ipmatch '{}'\"\n", range);
  }
  return out + "#   </RequireAny>\n# </Location>\n";
}

// csf.allow lets in, and csf.ignore keeps lfd from banning: both are needed.
std::string csf(const Export& what) {
  std::string out;
  for (const auto& range : all_of(what)) {
    out += fmt::format("{} # {}\n", range, plain_name(what.edge));
  }
  return out;
}

}  // namespace

const std::string& export_forms() {
  static const std::string words = [] {
    std::string out;
    for (const auto& form : kForms) {
      if (!out.empty()) out += '|';
      out += form.word;
    }
    return out;
  }();
  return words;
}

std::optional<ExportForm> parse_export_form(std::string_view word) {
  for (const auto& form : kForms) {
    if (form.word == word) return form.form;
  }
  return std::nullopt;
}

std::string export_text(const Export& what, ExportForm form) {
  switch (form) {
    case ExportForm::list: return join(all_of(what), "\n") + "\n";
    case ExportForm::json: return ranges_json(what);
    case ExportForm::aws: return aws(what);
    case ExportForm::gcloud: return gcloud(what);
    case ExportForm::azure: return azure(what);
    case ExportForm::hcloud: return hcloud(what);
    case ExportForm::doctl: return doctl(what);
    case ExportForm::terraform: return terraform(what);
    case ExportForm::nginx: return nginx(what);
    case ExportForm::apache: return apache(what);
    case ExportForm::csf: return csf(what);
  }
  return "";
}

}  // namespace causeway::guard
