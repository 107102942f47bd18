// SPDX-License-Identifier: MIT
#include "libfs/survey/names/walked_tree.h"

#include "libfs/base/checksum.h"
#include "libfs/fs/item_range.h"
#include "libfs/fs/name_items.h"

#include <unordered_set>

namespace btrkit::survey {

namespace {

namespace type = btrfs::item_type;

/// Entries that only DIR_ITEMs tell of: as many as were lost with some leaves. What hostile images have more is left.
constexpr std::size_t most_without_index = 200'000;

u64 wide_hash(std::string_view name) {
    return std::hash<std::string_view>{}(name);
}

} // namespace

std::optional<EntryView> WalkedTree::parse(const btrfs::Key& key, Bytes data, const DamageSink& damage) {
    std::optional<EntryView> found;
    for_each_name(key, data, [&](const NameRecord& record, const btrfs::DirItem* entry) {
        if (!found) {
            found = EntryView{.index = key.offset,
                              .name = as_text(record.name),
                              .location = entry->location.to_key(),
                              .type = static_cast<btrfs::FileType>(entry->type & ~btrfs::file_type_encrypted)};
        }
    });
    if (!found || !is_possible_name(found->name)) {
        damage(item_error(ProblemCode::item_dir, root().id, key, "no possible name"));
        return std::nullopt;
    }
    return found;
}

std::optional<EntryView> WalkedTree::next_entry(u64 dir, u64 from_index, const DamageSink& damage) {
    for (u64 index = from_index;;) {
        const auto there = entries_.seek({dir, type::dir_index, index});
        if (!there) {
            const auto behind = index_behind_loss(dir, index, damage);
            if (!behind) {
                return std::nullopt;
            }
            index = *behind;
            if (!entries_.seek({dir, type::dir_index, index})) {
                return std::nullopt; // it was there a moment ago
            }
        }
        if (!entries_.valid() || entries_.key().objectid != dir || entries_.key().type != type::dir_index) {
            return std::nullopt;
        }
        if (auto entry = parse(entries_.key(), entries_.data(), damage)) {
            return entry;
        }
        if (entries_.key().offset == ~u64{0}) {
            return std::nullopt;
        }
        index = entries_.key().offset + 1;
    }
}

std::optional<u64> WalkedTree::index_behind_loss(u64 dir, u64 from_index, const DamageSink& damage) {
    ItemRange items(view_.cache().reader(), root().block,
                    KeyRange::through({dir, type::dir_index, from_index}, {dir, type::dir_index, ~u64{0}}));
    for (;;) {
        auto there = items.next();
        if (there) {
            return *there ? std::optional(items.key().offset) : std::nullopt;
        }
        has_damage = true;
        damage(std::move(there.error()));
    }
}

std::vector<DirEntry> WalkedTree::entries_without_index(u64 dir, const DamageSink& damage) {
    const auto for_each_entry = [&](u8 item_type, const DamageSink& told, auto&& visit) {
        ItemRange items(view_.cache().reader(), root().block, dir, item_type);
        for (;;) {
            auto there = items.next();
            if (!there) {
                told(std::move(there.error()));
            } else if (!*there) {
                return;
            } else {
                for_each_name(items.key(), items.data(), visit);
            }
        }
    };
    std::unordered_set<u64> indexed;
    for_each_entry(
        type::dir_index, [](const Error&) {},
        [&](const NameRecord& record, const btrfs::DirItem*) { indexed.insert(wide_hash(as_text(record.name))); });
    std::vector<DirEntry> others;
    for_each_entry(type::dir_item, damage, [&](const NameRecord& record, const btrfs::DirItem* entry) {
        const auto name = as_text(record.name);
        if (others.size() < most_without_index && is_possible_name(name) && !indexed.contains(wide_hash(name))) {
            others.push_back({.name = std::string(name),
                              .location = entry->location.to_key(),
                              .type = static_cast<btrfs::FileType>(entry->type & ~btrfs::file_type_encrypted)});
        }
    });
    return others;
}

} // namespace btrkit::survey
