// SPDX-License-Identifier: MIT
// Of SubvolumeSender: what is sent about an inode when the walk has left it.
#include "formats/btrfs/item_types.h"
#include "libfs/ops/send/data/verity.h"
#include "libfs/ops/send/subvolume_sender.h"

#include <sys/stat.h>

namespace btrkit::send {

namespace {

namespace type = btrfs::item_type;

/// Whether chown(2), even root's, takes bits from this mode. The kernel's send forgets that.
bool chown_takes_bits(u32 mode) {
    return !S_ISDIR(mode) && ((mode & S_ISUID) != 0 || (mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP));
}

} // namespace

Result<bool> SubvolumeSender::process_names() {
    setting_.log.names(names_, current_, snapshots_);
    const auto must_wait = name_changes_.process(names_);
    names_.clear();
    return must_wait;
}

Result<void> SubvolumeSender::finish_inode(const btrfs::Key* next) {
    if (current_.number == 0 || current_.is_ignored) {
        return {};
    }
    const bool stays = next != nullptr && next->objectid == current_.number;
    if (!stays || next->type > type::inode_extref) {
        BTRKIT_TRY(add_names_of_lost());
    }
    if (!names_.empty() && (!stays || next->type > type::inode_extref)) {
        BTRKIT_TRY_ASSIGN(const auto must_wait, process_names());
        if (!must_wait) {
            current_.names_done_below = current_.number + 1;
        }
    }
    if (!stays && !current_.is_deleted) {
        BTRKIT_TRY(finish_attributes());
    }
    return dir_times_.send_oldest();
}

Result<void> SubvolumeSender::finish_attributes() {
    BTRKIT_TRY_ASSIGN(const auto inode, snapshots_.sent->need_inode(current_.number));
    std::optional<Inode> before;
    if (snapshots_.parent != nullptr && !current_.is_new) {
        BTRKIT_TRY_ASSIGN(before, snapshots_.parent->need_inode(current_.number));
    }
    if (S_ISREG(current_.mode)) {
        BTRKIT_TRY(tell_or_fail(finish_size(inode, before ? &*before : nullptr)));
    }
    BTRKIT_TRY_ASSIGN(const auto path, paths_.path_of(current_.number, current_.generation));
    if (!snapshots_.sent->is_stand_in(current_.number)) {
        BTRKIT_TRY(send_owner_and_mode(path, inode, before ? &*before : nullptr));
    }
    if (current_.has_new_verity && commands_.version() >= 3) {
        BTRKIT_TRY(tell_or_fail(send_verity(*snapshots_.sent, current_.number, path, commands_)));
    }
    auto done = tell_or_fail(xattrs_.send_capabilities());
    if (done && !moves_.is_waiting(current_.number, current_.generation)) {
        done = finish_move(inode, before ? &*before : nullptr);
    }
    if (done && setting_.log.is_listening()) {
        setting_.log.finish(current_, snapshots_.sent->path_of(current_.number).value_or(path),
                            contents_.bytes_sent() - bytes_before_);
    }
    return done;
}

Result<void> SubvolumeSender::send_owner_and_mode(const std::string& path, const Inode& inode, const Inode* before) {
    const bool is_link = S_ISLNK(inode.mode);
    const bool is_new = before == nullptr;
    const bool other_owner = is_new || inode.uid != before->uid || inode.gid != before->gid;
    const bool loses_mode = other_owner && chown_takes_bits(inode.mode);
    const bool other_mode = !is_link && (is_new || inode.mode != before->mode || loses_mode);
    const bool other_flags = !is_link && !is_new && inode.flags != before->flags && commands_.version() >= 2;
    if (!is_new && (other_owner || other_mode || other_flags)) {
        setting_.log.attributes_changed();
    }
    Result<void> done;
    if (other_owner) {
        done = commands_.chown(path, inode.uid, inode.gid);
    }
    if (done && other_mode) {
        done = commands_.chmod(path, inode.mode);
    }
    return done && other_flags ? commands_.fileattr(path, inode.flags) : done;
}

Result<void> SubvolumeSender::finish_size(const Inode& inode, const Inode* before) {
    // As in the kernel, decided before the last hole is written: one truncation too many does no harm.
    const bool written_to_end = current_.next_write_offset == current_.size;
    const bool has_size = before == nullptr
                              ? written_to_end
                              : before->size == inode.size || (inode.size > before->size && written_to_end);
    auto done = contents_.send_last_hole();
    if (done && before != nullptr && before->size < inode.size) {
        done = contents_.send_grown_tail(before->size);
    }
    if (!done) {
        return done;
    }
    // What was written last may be left out for it can't be read.
    if (has_size && (!setting_.mode.skips_errors || current_.next_write_offset == 0)) {
        return {};
    }
    const auto path = paths_.path_of(current_.number, current_.generation);
    return path ? commands_.truncate(*path, current_.size) : std::unexpected(path.error());
}

/// Moves what waited for the inode, and sends its times: those of a directory when its entries have most likely come.
Result<void> SubvolumeSender::finish_move(const Inode& inode, const Inode* before) {
    BTRKIT_TRY(name_changes_.move_waiting_behind_current());
    current_.names_done_below = current_.number + 1;
    if (S_ISDIR(current_.mode) && inode.size > 0) {
        dir_times_.touch(current_.number, current_.generation);
        return {};
    }
    // Of another filesystem, every inode is looked at, also those that have not changed.
    const bool is_untouched = before != nullptr && !snapshots_.one_filesystem() && *before == inode &&
                              contents_.bytes_sent() == bytes_before_;
    return is_untouched ? Result<void>() : dir_times_.send(current_.number, current_.generation);
}

} // namespace btrkit::send
