// SPDX-License-Identifier: MIT
// The subvolumes that streams can stand on: what they call parents and clone sources (internal to libfs/ops/receive).
#pragma once

#include "formats/btrfs/root.h"
#include "libfs/edit/subvolume_editor.h"

#include <map>

namespace btrkit::receive {

class SourceSubvolumes {
public:
    /// All that the transaction has. may_have_changed: whatever was done to them since, they count.
    static Result<SourceSubvolumes> read(Transaction& transaction, bool may_have_changed);

    /// One that has just been received.
    void add(u64 id, const btrfs::RootItem& root);

    /// The subvolume that is, or was received from, what the stream names. Of several, the one that has not changed.
    /// Fails with not_found, naming what there is, or with refused where all that are it may have changed. what:
    /// "parent".
    Result<u64> find(const Origin& wanted, std::string_view what);

private:
    struct Known {
        u64 id = 0;
        btrfs::Uuid uuid{};
        btrfs::Uuid received_uuid{};
        u64 ctransid = 0;
        u64 rtransid = 0;
        Time ctime{};
        Time rtime{};
        u64 stransid = 0;
        bool is_read_only = false;
    };
    using UuidBytes = std::array<u8, 16>;

    static std::string what_has_changed(const Known& known, const Origin& wanted);
    std::unexpected<Error> not_found(const Origin& wanted, std::string_view what) const;

    bool may_have_changed_ = false;
    std::vector<Known> known_;
    std::multimap<UuidBytes, std::size_t> by_uuid_; ///< theirs, and of what they were received from
    std::map<std::pair<UuidBytes, u64>, u64> found_;
};

} // namespace btrkit::receive
