// SPDX-License-Identifier: MIT
#include "libfs/render/fields_json.h"

#include "formats/btrfs/item_types.h"
#include "libfs/base/ascii.h"
#include "libfs/base/names.h"
#include "libfs/base/objectid_word.h"

#include <algorithm>

namespace btrkit {

namespace {

/// The library checks text only when it writes it.
bool is_utf8(const Json& text) {
    try {
        static_cast<void>(text.dump());
        return true;
    } catch (const Json::exception&) {
        return false;
    }
}

} // namespace

void set_flags(Json& object, std::string_view name, u64 flags, btrfs::FlagNames names) {
    const std::string member(name);
    object[member] = flags;
    auto known = Json::array();
    for (const auto& flag : names) {
        if ((flags & flag.bit) != 0) {
            known.push_back(lower_case(flag.name));
        }
    }
    auto unknown = Json::array();
    for (unsigned bit = 0; bit < 64; ++bit) {
        if ((flags & ~btrfs::known_flags(names) & btrfs::flag_bit(bit)) != 0) {
            unknown.push_back(bit);
        }
    }
    object[member + "_names"] = std::move(known);
    object[member + "_unknown_bits"] = std::move(unknown);
}

void set_text(Json& object, std::string_view name, std::string_view bytes) {
    const std::string member(name);
    Json text = std::string(bytes);
    const bool sound = is_utf8(text);
    object[member] = sound ? std::move(text) : Json();
    object[member + "_hex"] = sound ? Json() : hex_json(std::as_bytes(std::span(bytes)));
}

Json hex_json(Bytes bytes) {
    TextBuffer hex;
    hex.hex_bytes(bytes);
    return std::string(hex.view());
}

Json uuid_json(const btrfs::Uuid& uuid) {
    return uuid.is_null() ? Json() : Json(uuid_text(uuid));
}

Json objectid_name_json(u64 objectid) {
    const auto name = objectid_word(objectid);
    return name.empty() ? Json() : Json(lower_case(name));
}

Json key_json(const btrfs::Key& key) {
    const auto* type = btrfs::key_type_info(key);
    Json object;
    object["objectid"] = key.objectid;
    if (const auto name = objectid_word(key.objectid, key.type); !name.empty()) {
        object["objectid_name"] = lower_case(name);
    }
    object["type"] = key.type;
    object["type_name"] = type != nullptr ? Json(lower_case(type->name)) : Json();
    object["offset"] = key.offset;
    return object;
}

} // namespace btrkit
