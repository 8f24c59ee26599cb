// The one-time token that makes the first administrator: there is no default password.
#pragma once

#include <string>

#include "base/result.hpp"
#include "store/accounts.hpp"
#include "store/store.hpp"

namespace causeway::console {

// A new token when no account is there yet, empty otherwise. One made before stops being valid.
Parsed<std::string> make_setup_token(store::Store& store);

// Makes the account when the token is right and no account is there; spends the token.
Parsed<bool> use_setup_token(store::Store& store, const std::string& token,
                             const store::Account& admin);

}  // namespace causeway::console
