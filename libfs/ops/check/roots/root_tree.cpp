// SPDX-License-Identifier: MIT
#include "libfs/ops/check/phases.h"

#include "formats/btrfs/item_types.h"
#include "libfs/base/names.h"
#include "libfs/survey/essential_trees.h"
#include "libfs/survey/read_roots.h"
#include "libfs/survey/scan/tree_scan.h"

#include <fmt/format.h>
#include <sys/stat.h>

namespace btrkit::check {

using namespace survey;

namespace {

namespace type = btrfs::item_type;

/// Judges the items, and collects them.
class RootTreeReader {
public:
    explicit RootTreeReader(Context& context)
        : roots_(context.roots), collector_(context.roots), findings_(context.findings),
          has_global_roots_(context.geometry().has_incompat(btrfs::incompat_extent_tree_v2)),
          generation_(context.geometry().generation) {}

    void accept(const btrfs::Key& key, Bytes body, const Place& place) {
        if (key.objectid == btrfs::free_ino_objectid) {
            findings_.report(ProblemCode::inode_cache, place, {});
        } else if (!belongs_in_root_tree(key)) {
            findings_.report(ProblemCode::item_misplaced, place, "the root tree has no such items");
        } else {
            judge(key, body, place);
            collector_.accept(key, body, place);
        }
    }

private:
    void judge(const btrfs::Key& key, Bytes body, const Place& place) {
        switch (key.type) {
        case type::root_item:
            if (const auto record = parse_root_record(key, body, place)) {
                judge_root(*record); // if not, its size has been reported
            }
            return;
        case type::inode_item: return judge_inode(key, body, place);
        case type::extent_data: return judge_extent(body, place);
        case type::temporary_item:
            if (key.objectid == btrfs::balance_objectid) {
                judge_balance(body, place);
            }
            return;
        default: return;
        }
    }

    void judge_balance(Bytes body, const Place& place) {
        if (body.size() < sizeof(btrfs::BalanceItem)) {
            findings_.report(ProblemCode::balance_item, place,
                             fmt::format("{} bytes instead of {}", body.size(), sizeof(btrfs::BalanceItem)));
        } else {
            findings_.report(ProblemCode::balance_unfinished, place, {});
        }
    }

    void judge_inode(const btrfs::Key& key, Bytes body, const Place& place) {
        constexpr u32 cache_mode = S_IFREG | 0600;
        const auto* item = view_at<btrfs::InodeItem>(body);
        if (item != nullptr && key.objectid != btrfs::root_tree_dir_id && item->mode != cache_mode) {
            findings_.report_own(ProblemCode::item_inode, place,
                                 fmt::format("mode {:o} of a free space cache", u32{item->mode}));
        }
    }

    /// Of a free space cache.
    void judge_extent(Bytes body, const Place& place) {
        const auto* head = view_at<btrfs::FileExtentHead>(body);
        if (head != nullptr && head->generation > generation_ + 1) {
            findings_.report(
                ProblemCode::inode_generation, place,
                fmt::format("file extent of generation {}, the filesystem has {}", u64{head->generation}, generation_));
        }
    }

    void judge_root(const RootRecord& record) {
        const auto& key = record.root.root_key;
        if (record.is_reloc()) {
            findings_.report(ProblemCode::reloc_tree, record.place, "of subvolume " + objectid_text(key.offset));
        }
        if (record.is_subvolume() && roots_.find(record.id()) != nullptr) {
            findings_.report(ProblemCode::item_misplaced, record.place, "the subvolume has a root item already");
        }
        // The data relocation tree of a filesystem that btrfs-convert made is a copy, and has the offset of one.
        const bool may_have_offset =
            record.is_subvolume() || record.is_reloc() || record.id() == btrfs::data_reloc_tree_id || has_global_roots_;
        if (!may_have_offset && key.offset != 0) {
            findings_.report_own(ProblemCode::item_root, record.place,
                                 fmt::format("offset {} in the key of a global tree", key.offset));
        }
        if (record.is_subvolume() && !record.is_dropping() && record.item.root_dirid != btrfs::root_dir_inode) {
            findings_.report_own(ProblemCode::item_root, record.place,
                                 fmt::format("root_dirid {}", u64{record.item.root_dirid}));
        }
        judge_drop_progress(record);
    }

    /// The kernel refuses to go on deleting a subvolume whose progress makes no sense.
    void judge_drop_progress(const RootRecord& record) {
        const bool is_begun = record.is_dropping() && record.item.drop_progress.objectid != 0;
        if (is_begun && (record.item.drop_level == 0 || record.item.drop_level > record.item.level)) {
            findings_.report_own(ProblemCode::item_root, record.place,
                                 fmt::format("its deletion got to a node of level {}, but the tree has levels 0 to {}",
                                             record.item.drop_level, record.item.level));
        }
    }

    const Roots& roots_;
    RootsCollector collector_;
    Findings& findings_;
    bool has_global_roots_; ///< several trees of a kind, told apart by the offset
    u64 generation_;        ///< of the superblock
};

void check_essential_trees(Context& context) {
    std::string lost;
    for (const u64 id : essential_trees(context.geometry())) {
        if (context.roots.find(id) != nullptr) {
            continue;
        }
        if (context.roots.complete) {
            context.findings.report(ProblemCode::root_unreadable, {.tree = id}, "there is no root item of it");
        } else {
            lost += (lost.empty() ? "" : ", ") + objectid_text(id);
        }
    }
    if (!lost.empty()) {
        context.findings.report(ProblemCode::not_checked, {.tree = btrfs::root_tree_id},
                                "trees whose root items are lost: " + lost);
    }
}

} // namespace

void check_root_tree(Context& context) {
    RootTreeReader reader(context);
    context.roots.complete =
        scan_items(context, context.filesystem.root_tree(),
                   [&](const btrfs::Key& key, Bytes body, const Place& place) { reader.accept(key, body, place); });
    check_essential_trees(context);
}

} // namespace btrkit::check
