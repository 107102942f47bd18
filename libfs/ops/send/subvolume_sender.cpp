// SPDX-License-Identifier: MIT
#include "libfs/ops/send/subvolume_sender.h"

#include "formats/btrfs/item_types.h"
#include "libfs/base/names.h"
#include "libfs/fs/directory.h"
#include "libfs/fs/name_items.h"

#include <fmt/format.h>
#include <sys/stat.h>

namespace btrkit::send {

namespace {

namespace type = btrfs::item_type;

/// That an inode can have, by the kernel (BTRFS_LINK_MAX).
constexpr std::size_t most_names = 65'535;

constexpr std::size_t most_directories_kept = 65536;

Result<Inode> parse_item(const Snapshot& snapshot, const ItemPlace& place) {
    const auto* item = view_at<btrfs::InodeItem>(place.data());
    return item == nullptr ? Result<Inode>(std::unexpected(snapshot.damaged(place.key(), "too short for an inode")))
                           : parse_inode(place.key().objectid, *item);
}

} // namespace

SubvolumeSender::SubvolumeSender(const Setting& setting, CommandOutput& output)
    : setting_(setting), snapshots_(setting_.snapshots), output_(output), commands_(output),
      paths_(snapshots_, current_, moves_, dying_), dir_times_(snapshots_, commands_, paths_),
      maker_(setting.filesystem, snapshots_, current_, commands_, paths_),
      name_changes_(snapshots_, current_, commands_, dir_times_, maker_, paths_, moves_, dying_),
      xattrs_(snapshots_, current_, commands_, paths_, setting_.log),
      contents_(setting.filesystem, snapshots_, current_, commands_, output, paths_, setting_.sources, setting.mode) {}

Result<void> SubvolumeSender::run() {
    if (setting_.skip && snapshots_.parent == nullptr) {
        snapshots_.sent->stand_in_for_lost();
    }
    const auto side = [](Snapshot& snapshot) {
        return TreeDiff::Side{.cache = &snapshot.cache(), .root = snapshot.subvolume().tree.block};
    };
    auto diff = snapshots_.parent == nullptr
                    ? TreeDiff(side(*snapshots_.sent))
                    : TreeDiff(side(*snapshots_.sent), side(*snapshots_.parent), snapshots_.one_filesystem());
    while (true) {
        if (setting_.stop.stop_requested()) {
            return fail(ErrorKind::cancelled, "stopped");
        }
        const auto item = diff.next();
        if (!item) {
            BTRKIT_TRY(note_lost_block(item.error()));
            continue;
        }
        if (!*item) {
            break;
        }
        BTRKIT_TRY(visit_lost_inodes_before(**item));
        BTRKIT_TRY(skip_or_fail(visit(**item)));
        last_key_ = (*item)->key;
    }
    BTRKIT_TRY(visit_lost_inodes(btrfs::last_free_objectid));
    BTRKIT_TRY(skip_or_fail(finish_inode(nullptr)));
    if (moves_.any()) {
        const Result<void> stuck = fail(ErrorKind::damaged, "directories whose moves wait for each other");
        BTRKIT_TRY(skip_or_fail(stuck));
    }
    while (dir_times_.any()) {
        BTRKIT_TRY(tell_or_fail(dir_times_.send_latest()));
    }
    if (commands_.top_has_changed()) {
        BTRKIT_TRY(tell_or_fail(finish_top()));
    }
    name_what_is_lost();
    return {};
}

/// Temporary names have come and gone at the top, even if nothing else has changed there: the kernel leaves the times
/// wrong that its receiver then has.
Result<void> SubvolumeSender::finish_top() {
    const auto top = snapshots_.sent->need_inode(btrfs::root_dir_inode);
    return top ? dir_times_.send(btrfs::root_dir_inode, top->generation) : std::unexpected(top.error());
}

/// Damage has the path of the inode that it was met at.
Error SubvolumeSender::with_path(Error error) const {
    const bool is_about_inode = error.kind == ErrorKind::damaged || error.kind == ErrorKind::unsupported;
    if (is_about_inode && current_.number != 0 && !output_.failure()) {
        const auto path = snapshots_.sent->path_of(current_.number);
        error.message = path ? fmt::format("at {}: {}", printable('/' + *path), error.message)
                             : fmt::format("at inode {}: {}", current_.number, error.message);
    }
    return error;
}

Result<void> SubvolumeSender::visit(const ItemDifference& item) {
    const auto& key = item.key;
    if (key.type == type::inode_item) {
        note_dir(item);
    }
    if (item.change == ItemChange::same && snapshots_.one_filesystem()) {
        const auto passed = pass_same(item);
        if (!passed || *passed) {
            return passed ? Result<void>() : std::unexpected(passed.error());
        }
    }
    if (auto done = finish_inode(&key); !done) {
        if (!may_skip(done.error())) {
            return done;
        }
        skip(done.error()); // no reason to leave out this item too
    }
    if (key.objectid == btrfs::free_ino_objectid || key.objectid == btrfs::free_space_objectid) {
        return {};
    }
    if (key.type == type::inode_item) {
        return is_lost_inode_item(item) ? Result<void>() : visit_inode(item);
    }
    const bool is_ignored = current_.is_ignored && current_.number == key.objectid;
    const auto done = is_ignored ? Result<void>() : visit_other(item);
    return snapshots_.parent == nullptr ? tell_or_fail(done) : done;
}

/// What both snapshots have can matter nevertheless: holes in front of an extent, names in a directory that is another
/// one by the same number. False: it is to be looked at as if it had changed.
Result<bool> SubvolumeSender::pass_same(const ItemDifference& item) {
    switch (item.key.type) {
    case type::extent_data: {
        const auto done = contents_.pass_item(item.new_item);
        return done ? Result<bool>(true) : std::unexpected(done.error());
    }
    case type::inode_ref:
    case type::inode_extref: {
        const auto moved = is_in_other_dirs(item.new_item);
        return moved ? Result<bool>(!*moved) : moved;
    }
    default: return true;
    }
}

Result<void> SubvolumeSender::visit_other(const ItemDifference& item) {
    const auto& key = item.key;
    const bool has_changed_contents = current_.number == key.objectid && !current_.is_replaced && !current_.is_deleted;
    switch (key.type) {
    case type::inode_ref:
    case type::inode_extref: return visit_names(item);
    case type::xattr_item: return has_changed_contents ? xattrs_.send(item) : Result<void>();
    case type::extent_data: return visit_extent(item);
    case type::verity_desc_item:
        current_.has_new_verity |= has_changed_contents && key.offset == 0 && item.change == ItemChange::added;
        return {};
    default: return {};
    }
}

void SubvolumeSender::stand_on(u64 number, const Inode& inode, bool is_new) {
    current_.number = number;
    current_.generation = inode.generation;
    current_.size = inode.size;
    current_.mode = inode.mode;
    current_.is_new = is_new;
    current_.is_deleted = false;
}

Result<void> SubvolumeSender::visit_inode(const ItemDifference& item) {
    const u64 number = item.key.objectid;
    current_ = {.number = number, .names_done_below = number};
    bytes_before_ = contents_.bytes_sent();
    std::optional<Inode> now;
    std::optional<Inode> before;
    for (const auto& [place, snapshot, inode] :
         {std::tuple(&item.new_item, snapshots_.sent, &now), std::tuple(&item.old_item, snapshots_.parent, &before)}) {
        if (*place) {
            // Of two filesystems the item's generation is not the whole truth.
            const bool is_own = snapshot == snapshots_.sent || snapshots_.one_filesystem();
            BTRKIT_TRY_ASSIGN(const auto parsed, is_own ? parse_item(*snapshot, *place) : snapshot->need_inode(number));
            *inode = parsed;
        }
    }
    if (!now) {
        stand_on(number, *before, false);
        current_.is_deleted = true;
        return {};
    }
    return before ? visit_changed_inode(*now, *before) : visit_added_inode(*now);
}

Result<void> SubvolumeSender::visit_added_inode(const Inode& inode) {
    if (inode.nlink == 0) {
        current_.is_ignored = true; // deleted while it was open
        return {};
    }
    stand_on(inode.number, inode, true);
    if (inode.number == btrfs::root_dir_inode) {
        return {};
    }
    return S_ISDIR(inode.mode) ? maker_.make_dir_once(inode) : maker_.make(inode);
}

Result<void> SubvolumeSender::visit_changed_inode(const Inode& inode, const Inode& before) {
    if (inode.nlink == 0 && before.nlink == 0) {
        current_.is_ignored = true;
        return {};
    }
    const bool is_replaced = inode.generation != before.generation;
    // The top is never deleted.
    if ((is_replaced && inode.number != btrfs::root_dir_inode) || inode.nlink == 0 || before.nlink == 0) {
        return replace_inode(inode, before);
    }
    stand_on(inode.number, inode, false);
    return {};
}

/// The old inode of that number is deleted, and then the new one made with all that it has.
Result<void> SubvolumeSender::replace_inode(const Inode& inode, const Inode& before) {
    current_.is_replaced = true;
    if (before.nlink != 0) {
        stand_on(before.number, before, false);
        current_.is_deleted = true;
        BTRKIT_TRY(record_all_names(*snapshots_.parent, false));
        BTRKIT_TRY(process_names());
    }
    if (inode.nlink == 0) {
        return {};
    }
    stand_on(inode.number, inode, true);
    auto done = S_ISDIR(inode.mode) ? maker_.make_dir_once(inode) : maker_.make(inode);
    if (done) {
        done = record_all_names(*snapshots_.sent, true);
    }
    if (!done) {
        return done;
    }
    BTRKIT_TRY(process_names());
    current_.names_done_below = current_.number + 1;
    done = contents_.send_all();
    if (done) {
        done = xattrs_.send_all();
    }
    const auto verity = done ? snapshots_.sent->search().find({current_.number, type::verity_desc_item, 0})
                             : std::unexpected(done.error());
    current_.has_new_verity = verity && *verity; // the kernel forgets it here
    return verity ? Result<void>() : std::unexpected(verity.error());
}

/// Whether a directory is another one than the parent's of that number.
Result<bool> SubvolumeSender::is_other_dir(u64 number) {
    if (const auto known = other_dirs_.find(number); known != other_dirs_.end()) {
        return known->second;
    }
    const auto now = snapshots_.sent->generation_of(number);
    BTRKIT_TRY_ASSIGN(const auto before, now ? snapshots_.parent->generation_of(number) : std::unexpected(now.error()));
    keep_other_dir(number, *now != before);
    return *now != before;
}

/// What the walk comes to by itself need not be looked up later, for each directory with entries.
void SubvolumeSender::note_dir(const ItemDifference& item) {
    const auto* now = item.new_item ? view_at<btrfs::InodeItem>(item.new_item.data()) : nullptr;
    const auto* before = item.old_item ? view_at<btrfs::InodeItem>(item.old_item.data()) : nullptr;
    if (now != nullptr && before != nullptr && S_ISDIR(u32{now->mode}) && snapshots_.one_filesystem()) {
        keep_other_dir(item.key.objectid, now->generation != before->generation);
    }
}

void SubvolumeSender::keep_other_dir(u64 number, bool is_other) {
    if (other_dirs_.size() >= most_directories_kept) {
        other_dirs_.clear();
    }
    other_dirs_.emplace(number, is_other);
}

/// Whether directories that equal references name are others than in the parent.
Result<bool> SubvolumeSender::is_in_other_dirs(const ItemPlace& refs) {
    Result<bool> moved = false;
    for_each_name(refs.key(), refs.data(), [&](const NameRecord& name, const btrfs::DirItem*) {
        if (moved && !*moved) {
            moved = is_other_dir(name.parent);
        }
    });
    return moved;
}

Result<void> SubvolumeSender::record_names(Snapshot& snapshot, const btrfs::Key& key, Bytes body, bool is_new) {
    Result<void> done;
    std::size_t told_bytes = 0;
    for_each_name(key, body, [&](const NameRecord& record, const btrfs::DirItem*) {
        told_bytes +=
            (key.type == type::inode_ref ? sizeof(btrfs::InodeRef) : sizeof(btrfs::InodeExtref)) + record.name.size();
        if (done && !is_possible_name(as_text(record.name))) {
            done = std::unexpected(snapshot.damaged(key, "no possible name"));
        }
        const auto generation = done ? snapshot.generation_of(record.parent) : std::unexpected(done.error());
        if (!generation) {
            done = std::unexpected(generation.error());
            return;
        }
        InodeName name{.dir = record.parent, .dir_generation = *generation, .name = std::string(as_text(record.name))};
        is_new ? names_.add_new(std::move(name)) : names_.add_deleted(std::move(name));
    });
    if (done && told_bytes != body.size()) {
        return std::unexpected(snapshot.damaged(key, "names that are cut off"));
    }
    if (done && (is_new ? names_.new_names : names_.deleted_names).size() > most_names) {
        return std::unexpected(snapshot.damaged(key, "more names than an inode can have"));
    }
    return done;
}

Result<void> SubvolumeSender::record_all_names(Snapshot& snapshot, bool is_new) {
    auto items = snapshot.search();
    auto there = items.seek({current_.number, type::inode_ref, 0});
    for (; there && *there; there = items.next()) {
        const auto key = items.key();
        if (key.objectid != current_.number || (key.type != type::inode_ref && key.type != type::inode_extref)) {
            return {};
        }
        BTRKIT_TRY(record_names(snapshot, key, items.data(), is_new));
    }
    return there ? Result<void>() : std::unexpected(there.error());
}

Result<void> SubvolumeSender::visit_names(const ItemDifference& item) {
    if (current_.number != item.key.objectid) {
        return std::unexpected(
            snapshots_.sent->damaged(item.key, "names of an inode that is not there or did not change"));
    }
    if (current_.is_replaced || current_.number == btrfs::root_dir_inode) {
        return {};
    }
    Result<void> done;
    if (item.new_item) {
        done = record_names(*snapshots_.sent, item.key, item.new_item.data(), true);
    }
    if (done && item.old_item) {
        done = record_names(*snapshots_.parent, item.key, item.old_item.data(), false);
    }
    return done;
}

/// Of an inode that has not changed, extents may have: they were moved by a balance or shared by a deduplication. Their
/// bytes are the same.
Result<void> SubvolumeSender::visit_extent(const ItemDifference& item) {
    if (current_.number != item.key.objectid || current_.is_replaced || current_.is_deleted) {
        return {};
    }
    if (item.change == ItemChange::deleted) {
        return contents_.note_gone_item(item.key.offset);
    }
    return contents_.send_item(item.new_item);
}

} // namespace btrkit::send
