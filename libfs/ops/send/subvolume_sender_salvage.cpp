// SPDX-License-Identifier: MIT
// Of SubvolumeSender: past what can't be read. Whatever is left out is told of; whatever is known is sent.
#include "formats/btrfs/inode.h"
#include "formats/btrfs/item_types.h"
#include "libfs/base/names.h"
#include "libfs/ops/send/subvolume_sender.h"

#include <fmt/format.h>
#include <sys/stat.h>

namespace btrkit::send {

namespace {

namespace type = btrfs::item_type;

/// Of which nothing can be made without the item that is lost: its numbers.
bool is_device(u32 mode) {
    return S_ISCHR(mode) || S_ISBLK(mode);
}

/// Of one inode.
constexpr std::size_t most_paths_told = 1000;

} // namespace

bool SubvolumeSender::may_skip(const Error& error) const {
    const bool is_of_image = error.kind == ErrorKind::damaged || error.kind == ErrorKind::unsupported;
    return is_of_image && setting_.skip && !output_.failure();
}

/// inode: 0 if it is not known whose it is.
void SubvolumeSender::tell(u64 inode, const std::string& why) {
    if (inode == 0 || inode == btrfs::root_dir_inode) {
        setting_.skip(inode == 0 ? "" : ".", why);
        return;
    }
    const auto paths = snapshots_.sent->paths_of(inode, most_paths_told);
    if (!paths || paths->empty()) {
        setting_.skip(fmt::format("inode {}", inode), why);
        return;
    }
    for (const auto& path : *paths) {
        setting_.skip(path, why);
    }
}

/// The current inode is left as it is, and what is damaged is told.
void SubvolumeSender::skip(const Error& error) {
    tell(current_.number, error.message);
    names_.clear();
    current_.is_ignored = true;
    current_.names_done_below = current_.number + 1;
}

Result<void> SubvolumeSender::skip_or_fail(const Result<void>& done) {
    if (!done && !may_skip(done.error())) {
        return std::unexpected(with_path(done.error()));
    }
    if (!done) {
        skip(done.error());
    }
    return {};
}

/// The current inode lacks something, but goes on.
Result<void> SubvolumeSender::tell_or_fail(const Result<void>& done) {
    if (!done && may_skip(done.error())) {
        tell(current_.number, done.error().message);
        return {};
    }
    return done;
}

/// The walk could not read a block, and goes on behind it.
Result<void> SubvolumeSender::note_lost_block(const Error& error) {
    if (!may_skip(error)) {
        return std::unexpected(with_path(error));
    }
    const auto& gaps = snapshots_.sent->find_losses().gaps();
    const auto gap = std::ranges::find_if(gaps, [&](const KeyRange& each) { return !each.ends_before(last_key_); });
    const bool is_within_current = gap != gaps.end() && gap->first.objectid == current_.number;
    tell(is_within_current ? current_.number : 0, error.message);
    return {};
}

bool SubvolumeSender::is_lost_inode_item(const ItemDifference& item) const {
    return setting_.skip && item.key.type == type::inode_item && item.new_item &&
           view_at<btrfs::InodeItem>(item.new_item.data()) == nullptr;
}

/// Items that don't begin with that of their inode are of one that is lost.
Result<void> SubvolumeSender::visit_lost_inodes_before(const ItemDifference& item) {
    if (!setting_.skip || snapshots_.parent != nullptr) {
        return {};
    }
    const bool begins_well = item.key.type == type::inode_item && !is_lost_inode_item(item);
    if (item.key.objectid != current_.number && !begins_well) {
        snapshots_.sent->find_losses();
    }
    return visit_lost_inodes(item.key.objectid);
}

/// Those up to this number that are known nevertheless.
Result<void> SubvolumeSender::visit_lost_inodes(u64 last) {
    const auto* losses = snapshots_.sent->losses();
    if (losses == nullptr || snapshots_.parent != nullptr) {
        return {};
    }
    while (const auto lost = losses->first_lost_inode(next_lost_)) {
        if (*lost > last) {
            return {};
        }
        next_lost_ = *lost + 1;
        const btrfs::Key key{*lost, type::inode_item, 0};
        BTRKIT_TRY(skip_or_fail(finish_inode(&key)));
        BTRKIT_TRY(skip_or_fail(visit_lost_inode(*lost)));
    }
    return {};
}

Result<void> SubvolumeSender::visit_lost_inode(u64 number) {
    current_ = {.number = number, .names_done_below = number};
    bytes_before_ = contents_.bytes_sent();
    BTRKIT_TRY_ASSIGN(const auto inode, snapshots_.sent->need_inode(number));
    if (is_device(inode.mode)) {
        return fail(ErrorKind::damaged, fmt::format("inode {} is lost, and which device it was", number));
    }
    tell(number,
         fmt::format("inode {} is lost: what else is known of it is sent, without owner, mode and times", number));
    return visit_added_inode(inode);
}

/// All names of the current inode were met that it tells of itself.
Result<void> SubvolumeSender::add_names_of_lost() {
    const auto* losses = snapshots_.sent->losses();
    const bool has_all = losses == nullptr || !current_.is_new || current_.names_done_below > current_.number ||
                         current_.number == btrfs::root_dir_inode;
    if (has_all ||
        (!names_.new_names.empty() && (S_ISDIR(current_.mode) || !losses->may_lack_names(current_.number)))) {
        return {};
    }
    BTRKIT_TRY_ASSIGN(auto names, snapshots_.sent->names_of_lost(current_.number));
    if (S_ISDIR(current_.mode)) {
        names.resize(1); // more than it can have
    }
    for (auto& name : names) {
        names_.add_new(std::move(name));
    }
    return {};
}

/// What has arrived in no form at all. In the end: then all that is lost is known.
void SubvolumeSender::name_what_is_lost() {
    auto& sent = *snapshots_.sent;
    if (sent.losses() == nullptr || snapshots_.parent != nullptr) {
        return;
    }
    sent.losses()->for_each_lost_name([&](u64 inode, const ParentName& name) {
        const auto dir = sent.path_of(name.dir);
        const auto path = !dir           ? fmt::format("inode {}/{}", name.dir, name.name)
                          : dir->empty() ? name.name
                                         : *dir + '/' + name.name;
        setting_.skip(path, fmt::format("inode {} is lost", inode));
    });
}

} // namespace btrkit::send
