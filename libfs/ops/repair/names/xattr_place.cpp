// SPDX-License-Identifier: MIT
#include "libfs/ops/repair/names/xattr_place.h"

#include "formats/btrfs/item_types.h"
#include "libfs/base/checksum.h"
#include "libfs/edit/dir_item_list.h"

#include <map>

namespace btrkit::repair {

namespace {

namespace type = btrfs::item_type;

struct Attribute {
    u64 transid = 0;
    std::string_view name;
    std::string_view value;
};

/// Nothing where the item is not wholly made of them.
std::optional<std::vector<Attribute>> attributes_in(Bytes body) {
    std::vector<Attribute> all;
    while (!body.empty()) {
        const auto* entry = view_at<btrfs::DirItem>(body);
        const std::size_t size = entry == nullptr ? 0 : sizeof(*entry) + entry->name_len + entry->data_len;
        if (entry == nullptr || size > body.size() || entry->name_len == 0 ||
            entry->name_len > btrfs::max_name_length) {
            return std::nullopt;
        }
        all.push_back({.transid = entry->transid,
                       .name = as_text(body.subspan(sizeof(*entry), entry->name_len)),
                       .value = as_text(body.subspan(sizeof(*entry) + entry->name_len, entry->data_len))});
        body = body.subspan(size);
    }
    return all;
}

} // namespace

Result<bool> put_xattrs_in_place(TreeBuffer& tree, const btrfs::Key& key) {
    BTRKIT_TRY_ASSIGN(const auto stored, tree.find(key));
    const auto attributes = stored ? attributes_in(stored->body) : std::nullopt;
    if (!attributes) {
        return false;
    }
    std::map<btrfs::Key, std::vector<std::byte>> items;
    for (const auto& attribute : *attributes) {
        const btrfs::Key place = {key.objectid, type::xattr_item, name_hash(std::as_bytes(std::span(attribute.name)))};
        BTRKIT_TRY_ASSIGN(const auto there, tree.find(place));
        if (there && place != key && without_dir_item(there->body, attribute.name)) {
            return false;
        }
        auto [item, is_new] = items.try_emplace(place);
        if (is_new && there && place != key) {
            item->second = there->body;
        }
        const auto made = dir_item_of({}, btrfs::FileType::xattr, attribute.transid, attribute.name, attribute.value);
        item->second.insert(item->second.end(), made.begin(), made.end());
    }
    BTRKIT_TRY(tree.erase(key));
    for (const auto& [place, body] : items) {
        tree.put(place, body);
    }
    return true;
}

} // namespace btrkit::repair
