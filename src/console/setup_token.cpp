#include "console/setup_token.hpp"

#include <memory>

#include "console/secrets.hpp"
#include "store/targets.hpp"

namespace causeway::console {
namespace {
const std::string kSetting = "console.setup-token";  // its hash; empty when spent
}  // namespace

Parsed<std::string> make_setup_token(store::Store& store) {
  const auto accounts =
      store.read([](store::Database& database) { return store::accounts(database); });
  if (!accounts) return error(accounts.error().text);
  if (!accounts->empty()) return std::string{};
  std::string token = random_token().substr(0, 22);  // 131 bits, and short enough to type
  const auto kept = store.write_now([hash = token_hash(token)](store::Database& database) {
    return store::set_setting(database, kSetting, hash);
  });
  if (!kept) return error(kept.error().text);
  return token;
}

Parsed<bool> use_setup_token(store::Store& store, const std::string& token,
                             const store::Account& admin) {
  const auto right = std::make_shared<bool>(false);
  const auto kept = store.write_now([=](store::Database& database) -> Parsed<bool> {
    const auto hash = store::setting(database, kSetting);
    if (!hash) return error(hash.error().text);
    const auto accounts = store::accounts(database);
    if (!accounts) return error(accounts.error().text);
    *right =
        accounts->empty() && *hash && !(*hash)->empty() && same_secret(**hash, token_hash(token));
    if (!*right) return true;
    auto spent = store::set_setting(database, kSetting, "");
    if (!spent) return spent;
    return store::put_account(database, admin);
  });
  if (!kept) return error(kept.error().text);
  return *right;
}

}  // namespace causeway::console
