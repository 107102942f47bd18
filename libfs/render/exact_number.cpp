// SPDX-License-Identifier: MIT
#include "libfs/render/exact_number.h"

namespace btrkit {

namespace {

/// Empty: it is exact as it is.
std::string exact_digits(const Json& value) {
    if (value.is_number_unsigned()) {
        const auto number = value.get<u64>();
        return is_exact_as_double(number) ? std::string() : std::to_string(number);
    }
    if (value.is_number_integer()) {
        const auto number = value.get<std::int64_t>();
        return is_exact_as_double(number) ? std::string() : std::to_string(number);
    }
    return {};
}

void add_digits(Json& object) {
    Json whole = Json::object();
    for (auto& [name, member] : object.items()) {
        auto digits = exact_digits(member);
        whole[name] = std::move(member);
        if (!digits.empty()) {
            whole[name + std::string(exact_suffix)] = std::move(digits);
        }
    }
    object = std::move(whole);
}

} // namespace

void add_exact_numbers(Json& document) {
    if (!document.is_structured()) {
        return;
    }
    bool is_rounded = false;
    for (auto& member : document) {
        add_exact_numbers(member);
        is_rounded = is_rounded || !exact_digits(member).empty();
    }
    if (is_rounded && document.is_object()) {
        add_digits(document);
    }
}

} // namespace btrkit
