#include "net/tls_certificate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ctime>

#include "base/address.hpp"
#include "base/limits.hpp"
#include "base/text.hpp"

namespace causeway::net {
namespace {

constexpr std::size_t kNamesKept = 100;  // a shared certificate can carry thousands
constexpr int kAuthLevel = 2;  // 112 bits: RSA 2048, no SHA-1 (SSL_CTX_set_security_level(3))

// Organisations whose intermediates sign most server certificates. A leaf from one of them that
// does not verify lacks its intermediate; nobody's private CA has these names.
constexpr std::array<std::string_view, 30> kPublicIssuers{"Let's Encrypt",
                                                          "Sectigo Limited",
                                                          "DigiCert Inc",
                                                          "DigiCert, Inc.",
                                                          "GlobalSign nv-sa",
                                                          "Google Trust Services LLC",
                                                          "Google Trust Services",
                                                          "Amazon",
                                                          "GoDaddy.com, Inc.",
                                                          "Starfield Technologies, Inc.",
                                                          "ZeroSSL",
                                                          "SSL Corporation",
                                                          "SSL Corp",
                                                          "Entrust, Inc.",
                                                          "Actalis S.p.A.",
                                                          "Buypass AS-983163327",
                                                          "COMODO CA Limited",
                                                          "Network Solutions L.L.C.",
                                                          "IdenTrust",
                                                          "Asseco Data Systems S.A.",
                                                          "Unizeto Technologies S.A.",
                                                          "cPanel, Inc.",
                                                          "TrustAsia Technologies, Inc.",
                                                          "SwissSign AG",
                                                          "QuoVadis Limited",
                                                          "Gandi",
                                                          "GEANT Vereniging",
                                                          "Microsoft Corporation",
                                                          "Deutsche Telekom Security GmbH",
                                                          "D-Trust GmbH"};

// How people name the certificate between root and leaf.
constexpr std::array<std::string_view, 5> kIntermediateWords{"intermediate", "issuing",
                                                             "subordinate", "sub ca", "sub-ca"};

std::string text_of(const X509_NAME* name) {
  for (const int nid : {NID_commonName, NID_organizationalUnitName, NID_organizationName}) {
    auto part = name_part(name, nid);
    if (!part.empty()) return printable(part, limits::kTextKept);
  }
  return {};
}

WallTime wall_time(const ASN1_TIME* time) {
  std::tm parts{};
  if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1) return {};
  return WallTime{std::chrono::seconds{::timegm(&parts)}};
}

std::string hex(const unsigned char* bytes, std::size_t length) {
  std::string out;
  for (std::size_t i = 0; i < length; ++i)
    fmt::format_to(std::back_inserter(out), "{:02x}", bytes[i]);
  return out;
}

std::string name_of(const GENERAL_NAME* name) {
  int type = 0;
  const void* value = GENERAL_NAME_get0_value(name, &type);
  if (type != GEN_DNS && type != GEN_IPADD) return {};
  const auto* data = static_cast<const ASN1_STRING*>(value);
  const auto length = static_cast<std::size_t>(ASN1_STRING_length(data));
  const unsigned char* bytes = ASN1_STRING_get0_data(data);
  if (type == GEN_DNS) {
    return printable({reinterpret_cast<const char*>(bytes), length}, limits::kTextKept);
  }
  if (length == 4) {
    std::array<std::uint8_t, 4> v4{};
    std::copy_n(bytes, 4, v4.begin());
    return IpAddress::v4(v4).text();
  }
  if (length == 16) {
    std::array<std::uint8_t, 16> v6{};
    std::copy_n(bytes, 16, v6.begin());
    return IpAddress::v6(v6).text();
  }
  return {};
}

std::vector<std::string> names_of(const X509* leaf) {
  std::vector<std::string> out;
  const GeneralNames names{
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(leaf, NID_subject_alt_name, nullptr, nullptr))};
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    auto name = name_of(sk_GENERAL_NAME_value(names.get(), i));
    if (!name.empty() && out.size() < kNamesKept) out.push_back(std::move(name));
  }
  // Without alternative names the common name counts (RFC 6125 6.4.4); edges still read it.
  if (out.empty()) {
    auto common = name_part(X509_get_subject_name(leaf), NID_commonName);
    if (!common.empty()) out.push_back(printable(common, limits::kTextKept));
  }
  return out;
}

std::string key_of(const X509* leaf) {
  const EVP_PKEY* key = X509_get0_pubkey(leaf);
  if (key == nullptr) return "unknown";
  const int kind = EVP_PKEY_get_base_id(key);
  if (kind == EVP_PKEY_EC) {
    std::array<char, 64> group{};
    std::size_t length = 0;
    if (EVP_PKEY_get_group_name(key, group.data(), group.size(), &length) == 1) {
      const std::string_view name{group.data(), length};
      if (name == "prime256v1") return "P-256";
      if (name == "secp384r1") return "P-384";
      if (name == "secp521r1") return "P-521";
      return std::string{name};
    }
  }
  const char* type = EVP_PKEY_get0_type_name(key);
  const std::string_view shown = type != nullptr ? type : "unknown";
  if (shown == "ED25519") return "Ed25519";
  if (shown == "ED448") return "Ed448";
  return fmt::format("{}-{}", shown, EVP_PKEY_get_bits(key));
}

std::string signature_of(const X509* leaf) {
  int digest = NID_undef;
  int key = NID_undef;
  if (OBJ_find_sigid_algs(X509_get_signature_nid(leaf), &digest, &key) != 1) return "unknown";
  if (digest == NID_undef) return OBJ_nid2sn(key);  // Ed25519 has no digest of its own
  return OBJ_nid2sn(digest);
}

bool has_issuer_url(const X509* leaf) {
  auto* access = static_cast<AUTHORITY_INFO_ACCESS*>(
      X509_get_ext_d2i(leaf, NID_info_access, nullptr, nullptr));
  if (access == nullptr) return false;
  bool found = false;
  for (int i = 0; i < sk_ACCESS_DESCRIPTION_num(access); ++i) {
    found |= OBJ_obj2nid(sk_ACCESS_DESCRIPTION_value(access, i)->method) == NID_ad_ca_issuers;
  }
  AUTHORITY_INFO_ACCESS_free(access);
  return found;
}

// The certificate of `chain` that issued `subject`, by name and key; null when it was not sent.
X509* sent_issuer(const STACK_OF(X509) * chain, X509* subject) {
  for (int i = 0; i < sk_X509_num(chain); ++i) {
    X509* candidate = sk_X509_value(chain, i);
    if (candidate == subject) continue;
    if (X509_NAME_cmp(X509_get_subject_name(candidate), X509_get_issuer_name(subject)) == 0) {
      return candidate;
    }
  }
  return nullptr;
}

bool self_issued(const X509* certificate) {
  return X509_NAME_cmp(X509_get_subject_name(certificate), X509_get_issuer_name(certificate)) == 0;
}

// The last certificate of the way up that the server sent: its issuer is what is missing, if
// anything is.
X509* top_of(const STACK_OF(X509) * chain, X509* leaf) {
  X509* top = leaf;
  for (int i = 0; i < limits::kTlsChainCertificates && !self_issued(top); ++i) {
    X509* next = sent_issuer(chain, top);
    if (next == nullptr) break;
    top = next;
  }
  return top;
}

bool usual_intermediate(const X509_NAME* name, const TrustStore& trust) {
  const auto organisation = name_part(name, NID_organizationName);
  if (std::ranges::find(kPublicIssuers, organisation) != kPublicIssuers.end()) return true;
  if (!organisation.empty() && trust.has_organisation(organisation)) return true;
  const auto common = name_part(name, NID_commonName);
  return std::ranges::any_of(kIntermediateWords,
                             [&](auto word) { return contains_ignoring_case(common, word); });
}

// No list for this issuer, or an outdated one: nothing is known then, and edges let it pass.
bool only_about_lists(int code) {
  return code == X509_V_ERR_UNABLE_TO_GET_CRL || code == X509_V_ERR_CRL_HAS_EXPIRED ||
         code == X509_V_ERR_CRL_NOT_YET_VALID || code == X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER ||
         code == X509_V_ERR_DIFFERENT_CRL_SCOPE || code == X509_V_ERR_CRL_SIGNATURE_FAILURE ||
         code == X509_V_ERR_CRL_PATH_VALIDATION_ERROR;
}

int collect(int ok, X509_STORE_CTX* context) {
  if (ok == 1) return 1;
  auto& codes = *static_cast<std::vector<int>*>(X509_STORE_CTX_get_app_data(context));
  const int code = X509_STORE_CTX_get_error(context);
  if (std::ranges::find(codes, code) == codes.end()) codes.push_back(code);
  return 1;  // go on: the next error may be the one that matters
}

std::vector<int> errors_of(X509* leaf, STACK_OF(X509) * chain, const TrustStore& trust) {
  std::vector<int> codes;
  const X509StoreCtx context{X509_STORE_CTX_new()};
  if (!context || X509_STORE_CTX_init(context.get(), trust.get(), leaf, chain) != 1) {
    return {X509_V_ERR_OUT_OF_MEM};
  }
  X509_STORE_CTX_set_default(context.get(), "ssl_server");
  X509_VERIFY_PARAM* rules = X509_STORE_CTX_get0_param(context.get());
  X509_VERIFY_PARAM_set_auth_level(rules, kAuthLevel);
  unsigned long flags = 0;
  if (trust.has_crls()) flags |= X509_V_FLAG_CRL_CHECK;
  // Whoever names a file means the certificates in it, roots or not.
  if (trust.is_own_file()) flags |= X509_V_FLAG_PARTIAL_CHAIN;
  X509_VERIFY_PARAM_set_flags(rules, flags);
  X509_STORE_CTX_set_app_data(context.get(), &codes);
  X509_STORE_CTX_set_verify_cb(context.get(), collect);
  // Told to go on after each error it says 1, unless it could not do its work: that is no "good".
  if (X509_verify_cert(context.get()) != 1 && codes.empty()) {
    const int code = X509_STORE_CTX_get_error(context.get());
    codes.push_back(code == X509_V_OK ? X509_V_ERR_UNSPECIFIED : code);
  }
  ERR_clear_error();
  return codes;
}

bool lacks_issuer(int code) {
  return code == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY ||
         code == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT ||
         code == X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN ||
         code == X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT;
}

using Revocation = CertificateFacts::Revocation;

// Only a response that somebody trusted signed counts (RFC 6960 section 3.2).
Revocation read_staple(std::string_view der, X509* leaf, STACK_OF(X509) * chain,
                       const TrustStore& trust) {
  if (der.empty()) return Revocation::not_checked;
  const auto* bytes = reinterpret_cast<const unsigned char*>(der.data());
  const OcspResponse response{d2i_OCSP_RESPONSE(nullptr, &bytes, static_cast<long>(der.size()))};
  if (!response || OCSP_response_status(response.get()) != OCSP_RESPONSE_STATUS_SUCCESSFUL) {
    return Revocation::unknown;
  }
  const OcspBasic basic{OCSP_response_get1_basic(response.get())};
  X509* issuer = sent_issuer(chain, leaf);
  if (!basic || issuer == nullptr || OCSP_basic_verify(basic.get(), chain, trust.get(), 0) != 1) {
    return Revocation::unknown;
  }
  const OcspId id{OCSP_cert_to_id(nullptr, leaf, issuer)};
  int status = V_OCSP_CERTSTATUS_UNKNOWN;
  int reason = 0;
  if (OCSP_resp_find_status(basic.get(), id.get(), &status, &reason, nullptr, nullptr, nullptr) !=
      1) {
    return Revocation::unknown;
  }
  if (status == V_OCSP_CERTSTATUS_GOOD) return Revocation::good;
  return status == V_OCSP_CERTSTATUS_REVOKED ? Revocation::revoked : Revocation::unknown;
}

void check_host(CertificateFacts& facts, X509* leaf, const std::string& host) {
  const bool address = IpAddress::parse(host).has_value();
  // No certificate is for a server without a name.
  facts.name_matches = !host.empty() && (address ? X509_check_ip_asc(leaf, host.c_str(), 0) == 1
                                                 : X509_check_host(leaf, host.c_str(), host.size(),
                                                                   0, nullptr) == 1);
  if (!facts.name_matches) {
    facts.verify_codes.push_back(address ? X509_V_ERR_IP_ADDRESS_MISMATCH
                                         : X509_V_ERR_HOSTNAME_MISMATCH);
  }
}

}  // namespace

std::string_view name(CertificateFacts::Revocation revocation) {
  constexpr std::array<std::string_view, 4> kNames{"not-checked", "good", "revoked", "unknown"};
  return kNames.at(static_cast<std::size_t>(revocation));
}

CertificateFacts describe(const X509* leaf, const STACK_OF(X509) * chain) {
  CertificateFacts facts;
  facts.names = names_of(leaf);
  facts.subject =
      printable(name_part(X509_get_subject_name(leaf), NID_commonName), limits::kTextKept);
  if (facts.subject.empty() && !facts.names.empty()) facts.subject = facts.names.front();
  facts.issuer = text_of(X509_get_issuer_name(leaf));
  facts.not_before = wall_time(X509_get0_notBefore(leaf));
  facts.not_after = wall_time(X509_get0_notAfter(leaf));
  for (int i = 0; i < std::min(sk_X509_num(chain), limits::kTlsChainCertificates); ++i) {
    facts.chain.push_back(text_of(X509_get_subject_name(sk_X509_value(chain, i))));
  }
  facts.self_issued = self_issued(leaf);
  facts.has_issuer_url = has_issuer_url(leaf);
  facts.key = key_of(leaf);
  facts.signature = signature_of(leaf);
  const ASN1_INTEGER* serial = X509_get0_serialNumber(leaf);
  facts.serial =
      hex(ASN1_STRING_get0_data(serial), static_cast<std::size_t>(ASN1_STRING_length(serial)));
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  if (X509_digest(leaf, EVP_sha256(), digest.data(), &length) == 1) {
    facts.fingerprint = hex(digest.data(), length);
  }
  ERR_clear_error();
  return facts;
}

void verify(CertificateFacts& facts, X509* leaf, STACK_OF(X509) * chain, const TrustStore& trust,
            const std::string& host, std::string_view ocsp) {
  auto codes = errors_of(leaf, chain, trust);
  if (std::ranges::any_of(codes, lacks_issuer) && trust.read_rest()) {
    codes = errors_of(leaf, chain, trust);
  }
  facts.verified = true;
  const bool lists_missing = std::ranges::any_of(codes, only_about_lists);
  std::erase_if(codes, only_about_lists);
  facts.verify_codes = std::move(codes);
  facts.revocation = read_staple(ocsp, leaf, chain, trust);
  if (trust.has_crls() && facts.revocation == Revocation::not_checked) {
    facts.revocation = lists_missing ? Revocation::unknown : Revocation::good;
  }
  const bool listed = std::ranges::count(facts.verify_codes, X509_V_ERR_CERT_REVOKED) > 0;
  if (listed || facts.revocation == Revocation::revoked) {
    facts.revocation = Revocation::revoked;
    if (!listed) facts.verify_codes.push_back(X509_V_ERR_CERT_REVOKED);
  }
  facts.issuer_sent = sent_issuer(chain, leaf) != nullptr;
  const X509_NAME* missing = X509_get_issuer_name(top_of(chain, leaf));
  facts.issuer_known = trust.has(missing) || usual_intermediate(missing, trust);
  check_host(facts, leaf, host);
  ERR_clear_error();
}

}  // namespace causeway::net
