// SPDX-License-Identifier: MIT
#include "libfs/ops/receive/source_subvolumes.h"

#include "libfs/base/names.h"
#include "libfs/edit/subvolume_ids.h"

#include <algorithm>

#include <fmt/format.h>

namespace btrkit::receive {

namespace {

/// A kernel writes data of what it has received, and so its inodes, when it comes to it: in any number of commits after
/// that of rtransid, but soon. What is dated later than that was changed by somebody.
constexpr std::int64_t most_writeback_sec = 600;
constexpr std::size_t most_named = 5;

} // namespace

Result<SourceSubvolumes> SourceSubvolumes::read(Transaction& transaction, bool may_have_changed) {
    SourceSubvolumes all;
    all.may_have_changed_ = may_have_changed;
    SubvolumeEditor subvolumes(transaction, {});
    BTRKIT_TRY_ASSIGN(const auto ids, subvolume_ids(transaction));
    for (const u64 id : ids) {
        // One that is being deleted is nobody's parent.
        if (const auto root = subvolumes.root_item(id)) {
            all.add(id, *root);
        }
    }
    return all;
}

void SourceSubvolumes::add(u64 id, const btrfs::RootItem& root) {
    known_.push_back({.id = id,
                      .uuid = root.uuid,
                      .received_uuid = root.received_uuid,
                      .ctransid = root.ctransid,
                      .rtransid = root.rtransid,
                      .ctime = parse_time(root.ctime),
                      .rtime = parse_time(root.rtime),
                      .stransid = root.stransid,
                      .is_read_only = (root.flags & btrfs::root_subvol_rdonly) != 0});
    by_uuid_.emplace(root.uuid.bytes, known_.size() - 1);
    if (!root.received_uuid.is_null()) {
        by_uuid_.emplace(root.received_uuid.bytes, known_.size() - 1);
    }
}

/// Empty: nothing.
std::string SourceSubvolumes::what_has_changed(const Known& known, const Origin& wanted) {
    if (!known.is_read_only) {
        return "is writable";
    }
    const bool is_received = known.received_uuid == wanted.uuid;
    const bool is_later = known.ctransid > known.rtransid && known.ctime.sec > known.rtime.sec + most_writeback_sec;
    if (is_received && is_later) {
        return fmt::format("was changed in generation {}, after it was received in {}", known.ctransid, known.rtransid);
    }
    if (!is_received && known.ctransid != wanted.ctransid) {
        return fmt::format("was changed in {}, after it was sent", known.ctransid);
    }
    return {};
}

Result<u64> SourceSubvolumes::find(const Origin& wanted, std::string_view what) {
    const auto [seen, is_new] = found_.try_emplace({wanted.uuid.bytes, wanted.ctransid}, 0);
    if (!is_new) {
        return seen->second;
    }
    found_.erase(seen);
    const auto [begin, end] = by_uuid_.equal_range(wanted.uuid.bytes);
    const Known* best = nullptr;
    std::string why;
    for (auto entry = begin; entry != end; ++entry) {
        const Known& known = known_[entry->second];
        const auto changed = what_has_changed(known, wanted);
        const bool is_exact = known.stransid == wanted.ctransid;
        if (changed.empty() && (best == nullptr || is_exact)) {
            best = &known;
        } else if (best == nullptr && why.empty()) {
            why = fmt::format("subvolume {} {}", known.id, changed);
        }
    }
    if (best == nullptr && begin != end && may_have_changed_) {
        best = &known_[begin->second];
    }
    if (best == nullptr && begin != end) {
        return fail(ErrorKind::refused, fmt::format("its {} {}: {}; what is received on top of it would be wrong "
                                                    "(--force-parent takes it nevertheless)",
                                                    what, uuid_text(wanted.uuid), why));
    }
    if (best == nullptr) {
        return not_found(wanted, what);
    }
    found_[{wanted.uuid.bytes, wanted.ctransid}] = best->id;
    return best->id;
}

std::unexpected<Error> SourceSubvolumes::not_found(const Origin& wanted, std::string_view what) const {
    std::string there;
    std::size_t count = 0;
    for (const auto& known : known_) {
        if (!known.received_uuid.is_null() && ++count <= most_named) {
            there +=
                fmt::format("{}{} (subvolume {})", there.empty() ? "" : ", ", uuid_text(known.received_uuid), known.id);
        }
    }
    if (count > most_named) {
        there += fmt::format(" and {} more", count - most_named);
    }
    return fail(ErrorKind::not_found,
                fmt::format("its {} {} of generation {} is not in this filesystem; receive that first ({})", what,
                            uuid_text(wanted.uuid), wanted.ctransid,
                            there.empty() ? "nothing was received here" : "received were " + there));
}

} // namespace btrkit::receive
