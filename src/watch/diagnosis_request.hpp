// What a diagnosis of a target can truthfully be asked: the question of its checks, and no more.
#pragma once

#include <string>

#include "base/result.hpp"
#include "model/diagnosis.hpp"
#include "reach/request.hpp"
#include "watch/check.hpp"
#include "watch/target.hpp"

namespace causeway::watch {

// The error says in a sentence why no diagnosis fits this target.
Parsed<reach::Request> diagnosis_request(const Target& target);

// A verdict of "all well" claims no more than was looked at: an answer that differs on the way that
// DNS leads, and expectations of the content, which only the checks judge.
void limit_claim(const Target& target, model::Diagnosis& diagnosis);

// A diagnosis right after the failing check `newest` found all well. What differs nevertheless, as
// a sentence; empty: nothing, the failure comes and goes.
std::string what_differs(const Target& target, const CheckResult& newest);

}  // namespace causeway::watch
