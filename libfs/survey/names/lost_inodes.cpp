// SPDX-License-Identifier: MIT
#include "libfs/survey/names/lost_inodes.h"

#include "formats/btrfs/item_types.h"
#include "libfs/base/names.h"
#include "libfs/fs/item_range.h"
#include "libfs/fs/name_items.h"

#include <fmt/format.h>

namespace btrkit::survey {

namespace {

namespace type = btrfs::item_type;

bool is_inode_number(u64 number) {
    return number >= btrfs::first_free_objectid && number <= btrfs::last_free_objectid;
}

/// What an item of that type says of its inode.
btrfs::FileType type_by_item(u8 item_type) {
    switch (item_type) {
    case type::dir_item:
    case type::dir_index: return btrfs::FileType::directory;
    case type::extent_data: return btrfs::FileType::regular;
    default: return btrfs::FileType::unknown;
    }
}

std::string below(std::string path, std::string_view name) {
    path += path.empty() ? "" : "/";
    path += name;
    return path;
}

std::string lost_path(u64 number) {
    return fmt::format("lost+found/{}", number);
}

} // namespace

LostInodes::LostInodes(WalkedTree& tree, u64 base)
    : tree_(tree), base_(base), leaves_(tree.view().cache().reader(), tree.root().block, WalkOrder::leaves_only) {}

bool LostInodes::enter_next_leaf() {
    while (const auto promise = leaves_.next()) {
        leaf_.emplace(tree_.view().cache().reader(), *promise);
        slot_ = 0;
        if (leaf_->is_proven() && leaf_->block().is_leaf()) {
            return true;
        }
    }
    leaf_.reset();
    return false;
}

/// The next inode that has items and was not seen.
std::optional<LostInodes::Candidate> LostInodes::next_candidate() {
    std::optional<Candidate> found;
    for (; (leaf_ && slot_ < leaf_->block().count()) || enter_next_leaf(); ++slot_) {
        if (leaf_->block().count() == 0) {
            continue;
        }
        const auto key = leaf_->block().key(slot_);
        if (found && key.objectid != found->number) {
            return found;
        }
        if (!found && is_inode_number(key.objectid) && !tree_.seen.test(key.objectid)) {
            found = Candidate{.number = key.objectid};
        }
        if (found && type_by_item(key.type) != btrfs::FileType::unknown) {
            found->type = type_by_item(key.type);
        }
    }
    return found;
}

std::optional<ParentName> LostInodes::name_of(u64 number) {
    auto name = tree_.view().first_name(number);
    if (!name) {
        name = name_past_loss(number);
    }
    return *name && (*name)->dir != number ? std::move(*name) : std::nullopt;
}

/// The first name that can still be read, though others may be lost.
std::optional<ParentName> LostInodes::name_past_loss(u64 number) {
    ItemRange items(tree_.view().cache().reader(), tree_.root().block,
                    KeyRange::through({number, type::inode_ref, 0}, {number, type::inode_extref, ~u64{0}}));
    std::optional<ParentName> found;
    for (;;) {
        const auto there = items.next();
        if (there && !*there) {
            return std::nullopt;
        }
        if (!there || !is_inode_ref_of(items.key(), number)) {
            continue;
        }
        for_each_name(items.key(), items.data(), [&](const NameRecord& record, const btrfs::DirItem*) {
            if (!found && is_possible_name(as_text(record.name))) {
                found = ParentName{.dir = record.parent, .name = std::string(as_text(record.name))};
            }
        });
        if (found) {
            return found;
        }
    }
}

std::pair<std::string, bool> LostInodes::way_to(u64 number) {
    std::vector<std::string> names;
    const u64 first = number;
    while (number != base_) {
        auto name = names.size() < most_path_levels ? name_of(number) : std::nullopt;
        if (!name) {
            if (names.size() >= most_path_levels) {
                return {lost_path(first), false};
            }
            names.push_back(lost_path(number));
            return {path_from(names), false};
        }
        names.push_back(std::move(name->name));
        number = name->dir;
    }
    return {path_from(names), true};
}

std::optional<FoundInode> LostInodes::place_of(const Candidate& candidate) {
    u64 number = candidate.number;
    for (unsigned levels = 0; levels < most_path_levels; ++levels) {
        auto name = name_of(number);
        const auto known_type = number == candidate.number ? candidate.type : btrfs::FileType::directory;
        if (!name) {
            return FoundInode{.number = number, .path = lost_path(number), .type = known_type};
        }
        if (name->dir == base_ || tree_.seen.test(name->dir)) {
            auto [path, is_below_base] = way_to(name->dir);
            return FoundInode{.number = number,
                              .dir = name->dir,
                              .path = below(std::move(path), name->name),
                              .is_below_base = is_below_base,
                              .type = known_type};
        }
        number = name->dir;
    }
    return FoundInode{.number = candidate.number, .path = lost_path(candidate.number), .type = candidate.type};
}

std::optional<FoundInode> LostInodes::next() {
    for (;;) {
        if (!candidate_ || tree_.seen.test(candidate_->number)) {
            candidate_ = next_candidate();
            if (!candidate_) {
                return std::nullopt;
            }
        }
        const auto inode = tree_.view().find_inode(candidate_->number);
        if (inode && *inode && (*inode)->nlink == 0) {
            tree_.seen.set(candidate_->number);
            continue;
        }
        auto found = place_of(*candidate_);
        tree_.seen.set(found->number);
        if (found->is_below_base || base_ == btrfs::root_dir_inode) {
            return found;
        }
    }
}

} // namespace btrkit::survey
