// SPDX-License-Identifier: MIT
#include "apps/usage/check_damages.h"

#include "libfs/base/names.h"
#include "libfs/io/file_device.h"
#include "libfs/render/fields_json.h"

#include <fmt/format.h>

namespace btrkit::apps {

namespace {

template <class Value>
std::optional<Value> member(const Json& object, const char* name) {
    const auto found = object.find(name);
    if (found == object.end()) {
        return std::nullopt;
    }
    if constexpr (std::is_same_v<Value, std::string>) {
        return found->is_string() ? std::optional(found->template get<std::string>()) : std::nullopt;
    } else {
        return found->is_number_unsigned() ? std::optional(found->template get<Value>()) : std::nullopt;
    }
}

std::optional<usage::DamagedPlace> damage_of(const Json& finding) {
    if (!finding.is_object() || member<std::string>(finding, "severity") == "note") {
        return std::nullopt;
    }
    const auto place = finding.find("place");
    if (place == finding.end() || !place->is_object()) {
        return std::nullopt;
    }
    usage::DamagedPlace damage{.logical = member<u64>(*place, "logical"),
                               .length_bytes = member<u64>(*place, "length").value_or(1),
                               .device = member<std::string>(*place, "device").value_or(std::string()),
                               .physical = member<u64>(*place, "physical")};
    if (const auto mirror = member<u64>(*place, "mirror"); mirror && *mirror < 256) {
        damage.mirror = static_cast<unsigned>(*mirror);
    }
    return damage;
}

} // namespace

Result<std::vector<usage::DamagedPlace>> parse_damages(std::string_view text) {
    const auto document = Json::parse(text, nullptr, false);
    const auto no_document = [] { return fail(ErrorKind::usage, "it is not what btrkit-check --format json writes"); };
    if (!document.is_object()) {
        return no_document();
    }
    const auto findings = document.find("findings");
    if (findings == document.end() || !findings->is_array()) {
        return no_document();
    }
    std::vector<usage::DamagedPlace> damages;
    for (const auto& finding : *findings) {
        if (auto damage = damage_of(finding)) {
            damages.push_back(std::move(*damage));
        }
    }
    return damages;
}

Result<std::vector<usage::DamagedPlace>> read_damages(const std::string& path) {
    constexpr u64 most_bytes = u64{1} << 30; // some 10,000 findings of each code with their files
    BTRKIT_TRY_ASSIGN(const auto file, FileDevice::open(path));
    const auto named = [&path](const Error& error) {
        return fail(error.kind, fmt::format("{}: {}", printable(path), error.message));
    };
    if (file->size_bytes() > most_bytes) {
        return named(Error{ErrorKind::usage, "it is too large for what btrkit-check writes"});
    }
    std::vector<std::byte> bytes(static_cast<std::size_t>(file->size_bytes()));
    BTRKIT_TRY(file->read(0, bytes));
    auto damages = parse_damages(as_text(bytes));
    if (!damages) {
        return named(damages.error());
    }
    return std::move(*damages);
}

} // namespace btrkit::apps
