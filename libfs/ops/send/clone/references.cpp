// SPDX-License-Identifier: MIT
#include "libfs/ops/send/clone/references.h"

#include "formats/btrfs/extent_ref.h"
#include "formats/btrfs/inline_ref.h"

namespace btrkit::send::clone {

namespace {

namespace type = btrfs::item_type;

void sort_once(std::vector<u64>& values) {
    std::ranges::sort(values, std::ranges::greater());
    values.erase(std::ranges::unique(values).begin(), values.end());
}

bool is_same_place(const FileReference& a, const FileReference& b) {
    return a.tree == b.tree && a.inode == b.inode && a.offset == b.offset;
}

/// References that say the same count together.
void sort_and_merge(std::vector<FileReference>& files) {
    std::ranges::sort(files, std::ranges::greater());
    std::size_t kept = 0;
    for (const FileReference& file : files) {
        if (kept > 0 && is_same_place(files[kept - 1], file)) {
            files[kept - 1].count += file.count;
        } else {
            files[kept++] = file;
        }
    }
    files.resize(kept);
}

} // namespace

std::optional<survey::Extent> ExtentLookup::find(u64 bytenr) {
    const auto found = items_.seek_back({bytenr, type::metadata_item, ~u64{0}});
    if (!found || !*found || items_.key().objectid != bytenr) {
        return std::nullopt;
    }
    auto extent = survey::parse_extent(items_.key(), items_.data(), *geometry_);
    if (extent) {
        extent_ = *extent;
    }
    return extent;
}

std::optional<References> ExtentLookup::references(WorkBudget& work) {
    found_ = {};
    add_inline(survey::inline_refs_of(extent_, items_.key(), items_.data()));
    if (!add_keyed(work)) {
        return std::nullopt;
    }
    sort_and_merge(found_.files);
    sort_once(found_.parents);
    sort_once(found_.trees);
    return std::move(found_);
}

void ExtentLookup::add_inline(Bytes refs) {
    while (!refs.empty()) {
        const u8 ref_type = std::to_integer<u8>(refs.front());
        const std::size_t size = btrfs::inline_ref_size(ref_type);
        if (size == 0 || size > refs.size()) {
            return;
        }
        if (ref_type == type::extent_data_ref) {
            add(ref_type, 0, refs.subspan(sizeof(u8)));
        } else {
            add(ref_type, view_at<btrfs::InlineRef>(refs)->offset, refs.subspan(sizeof(btrfs::InlineRef)));
        }
        refs = refs.subspan(size);
    }
}

/// False: there are more than may be.
bool ExtentLookup::add_keyed(WorkBudget& work) {
    const u64 inline_count = found_.count();
    if (inline_count >= extent_.refs) {
        return true; // all are told of: nearly always
    }
    while (true) {
        const auto next = items_.next();
        if (!next || !*next || items_.key().objectid != extent_.bytenr || items_.key().type > type::shared_data_ref) {
            return true;
        }
        if (!work.spend(1) || found_.count() > most_references) {
            return false;
        }
        add(items_.key().type, items_.key().offset, items_.data());
    }
}

/// body: what follows the type and, where there is one, the address or tree.
void ExtentLookup::add(u8 type, u64 key_offset, Bytes body) {
    switch (type) {
    case type::extent_data_ref:
        if (const auto* ref = view_at<btrfs::ExtentDataRef>(body); ref != nullptr && ref->count != 0) {
            found_.files.push_back(
                {.tree = ref->root, .inode = ref->objectid, .offset = ref->offset, .count = ref->count});
        }
        break;
    case type::shared_data_ref:
        if (const auto* ref = view_at<btrfs::SharedDataRef>(body); ref != nullptr && ref->count != 0) {
            found_.parents.push_back(key_offset);
        }
        break;
    case type::shared_block_ref: found_.parents.push_back(key_offset); break;
    case type::tree_block_ref: found_.trees.push_back(key_offset); break;
    default: break;
    }
}

} // namespace btrkit::send::clone
