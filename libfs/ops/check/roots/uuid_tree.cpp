// SPDX-License-Identifier: MIT
#include "libfs/ops/check/phases.h"

#include "formats/btrfs/item_types.h"
#include "libfs/base/names.h"
#include "libfs/survey/scan/tree_scan.h"

#include <fmt/format.h>

namespace btrkit::check {

using namespace survey;

namespace {

namespace type = btrfs::item_type;

btrfs::Key key_of(const btrfs::Uuid& uuid, u8 key_type) {
    const auto halves = btrfs::uuid_key(uuid);
    return {halves.objectid, key_type, halves.offset};
}

bool is_uuid_type(u8 key_type) {
    return key_type == type::uuid_key_subvol || key_type == type::uuid_key_received_subvol;
}

const btrfs::Uuid& uuid_of(const RootRecord& record, u8 key_type) {
    return key_type == type::uuid_key_subvol ? record.item.uuid : record.item.received_uuid;
}

/// The peer's mkfs used to put a top directory into the new tree; no kernel looks at it.
bool is_top_directory(const btrfs::Key& key) {
    return key.objectid == btrfs::root_dir_inode && (key.type == type::inode_item || key.type == type::inode_ref);
}

/// An entry that the uuid tree should have.
struct Wanted {
    btrfs::Key key;
    u64 subvolume = 0;
    bool found = false;

    auto order() const { return std::pair(key, subvolume); }
};

class UuidTree {
public:
    explicit UuidTree(const Roots& roots) : roots_(roots) {
        for (const auto& record : roots.records) {
            if (record.is_subvolume() && !record.is_dropping()) {
                want(record, type::uuid_key_subvol);
                want(record, type::uuid_key_received_subvol);
            }
        }
        std::ranges::sort(wanted_, {}, &Wanted::order);
        const auto again = std::ranges::unique(wanted_, {}, &Wanted::order);
        wanted_.erase(again.begin(), again.end());
    }

    void accept(const btrfs::Key& key, Bytes body, const Place& place) {
        if (!is_uuid_type(key.type)) {
            if (btrfs::find_item_type(key.type) != nullptr && !is_top_directory(key)) {
                misplaced_.push_back({ProblemCode::item_misplaced, place, "the uuid tree has no such items"});
            }
            return;
        }
        for (std::size_t at = 0; at < body.size(); at += sizeof(btrfs::le64)) {
            if (const auto* id = view_at<btrfs::le64>(body, at)) {
                accept_entry(key, *id, place);
            }
        }
    }

    /// What is in the tree but should not be.
    Problems& unfounded() { return unfounded_; }
    Problems& misplaced() { return misplaced_; }
    /// After the whole tree.
    Problems missing() const {
        Problems problems;
        for (const auto& entry : wanted_) {
            if (!entry.found) {
                problems.push_back({ProblemCode::uuid_missing,
                                    {.tree = btrfs::uuid_tree_id, .key = entry.key},
                                    fmt::format("subvolume {}", objectid_text(entry.subvolume))});
            }
        }
        return problems;
    }

private:
    void want(const RootRecord& record, u8 key_type) {
        if (const auto& uuid = uuid_of(record, key_type); !uuid.is_null()) {
            wanted_.push_back({.key = key_of(uuid, key_type), .subvolume = record.id()});
        }
    }

    void accept_entry(const btrfs::Key& key, u64 id, const Place& place) {
        const auto found = std::ranges::lower_bound(wanted_, std::pair(key, id), {}, &Wanted::order);
        if (found != wanted_.end() && found->order() == std::pair(key, id)) {
            found->found = true;
            return;
        }
        const auto* record = roots_.find(id);
        if (record == nullptr) {
            if (roots_.complete) {
                unfounded_.push_back(
                    {ProblemCode::uuid_unfounded, place, fmt::format("there is no subvolume {}", objectid_text(id))});
            }
        } else if (key_of(uuid_of(*record, key.type), key.type) != key) {
            unfounded_.push_back({ProblemCode::uuid_unfounded, place,
                                  fmt::format("subvolume {} has the uuid {}", objectid_text(id),
                                              uuid_text(uuid_of(*record, key.type)))});
        }
    }

    const Roots& roots_;
    std::vector<Wanted> wanted_;
    Problems unfounded_;
    Problems misplaced_;
};

} // namespace

void check_uuid_tree(Context& context) {
    const auto* record = context.roots.find(btrfs::uuid_tree_id);
    if (record == nullptr) {
        return; // kernels before 3.12 had none; newer ones make one
    }
    UuidTree tree(context.roots);
    const bool is_whole = scan_items(context, record->root, [&](const btrfs::Key& key, Bytes body, const Place& place) {
        tree.accept(key, body, place);
    });
    context.findings.add(std::move(tree.misplaced()));
    Problems missing = is_whole ? tree.missing() : Problems{};
    if (!is_whole) {
        context.findings.report(ProblemCode::not_checked, {.tree = btrfs::uuid_tree_id},
                                "whether the uuid tree has all subvolumes: part of it is lost");
    }
    const auto& super = context.filesystem.super();
    const bool is_stale = super.uuid_tree_generation != super.generation;
    if (!is_stale) {
        context.findings.add(std::move(missing));
        context.findings.add(std::move(tree.unfounded()));
    } else if (!missing.empty() || !tree.unfounded().empty()) {
        context.findings.report(
            ProblemCode::uuid_stale, record->place,
            fmt::format("entries missing: {}, entries of none: {}", missing.size(), tree.unfounded().size()));
    }
}

} // namespace btrkit::check
