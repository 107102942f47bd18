// SPDX-License-Identifier: MIT
#include "libfs/txn/csum_removal.h"

#include "formats/btrfs/item_types.h"
#include "libfs/tree/csum_key.h"

#include <fmt/format.h>

namespace btrkit {

namespace {

bool is_csum(const btrfs::Key& key) {
    return key.objectid == btrfs::extent_csum_objectid && key.type == btrfs::item_type::extent_csum;
}

class CsumRemoval {
public:
    CsumRemoval(Workspace& workspace, OpenTree& tree)
        : gone_(workspace.freed_data), geometry_(workspace.geometry), buffer_(tree.buffer),
          search_(workspace.cache, tree.root.block) {}

    Result<void> run() {
        for (const Range range : gone_.ranges()) {
            BTRKIT_TRY(remove(range));
        }
        return {};
    }

private:
    Result<void> remove(Range range) {
        // The item before may reach into the range.
        BTRKIT_TRY_ASSIGN(bool is_there, search_.seek_back(csum_key(range.start)));
        if (!is_there || !is_csum(search_.key())) {
            BTRKIT_TRY_ASSIGN(is_there, search_.seek(csum_key(range.start)));
        }
        while (is_there && is_csum(search_.key()) && search_.key().offset < range.end) {
            BTRKIT_TRY(cut_item());
            BTRKIT_TRY_ASSIGN(is_there, search_.next());
        }
        return {};
    }

    /// Leaves of the item that the search stands on what is not gone, whichever range comes to it.
    Result<void> cut_item() {
        const auto key = search_.key();
        const Bytes body = search_.data();
        if (body.empty() || body.size() % geometry_.csum_size_bytes != 0) {
            return fail(ErrorKind::damaged,
                        fmt::format("the checksum item of {} has {} bytes; run btrkit-check", key.offset, body.size()));
        }
        const Range covered = range_from(key.offset, body.size() / geometry_.csum_size_bytes * geometry_.sectorsize);
        if (!gone_.intersects(covered) || key.offset < done_up_to_) {
            return {};
        }
        done_up_to_ = covered.end;
        RangeSet item;
        item.append(covered);
        const auto rest = difference(item, gone_);
        std::vector<ItemEdit> edits;
        if (!rest.contains(key.offset)) {
            edits.push_back({.key = key, .body = std::nullopt});
        }
        for (const Range piece : rest.ranges()) {
            const auto kept =
                body.subspan((piece.start - covered.start) / geometry_.sectorsize * geometry_.csum_size_bytes,
                             piece.length() / geometry_.sectorsize * geometry_.csum_size_bytes);
            edits.push_back({.key = csum_key(piece.start), .body = kept});
        }
        buffer_.apply(edits);
        return {};
    }

    const RangeSet& gone_;
    const Geometry& geometry_;
    TreeBuffer& buffer_;
    TreeSearch search_;
    u64 done_up_to_ = 0; ///< items that begin before that have been cut
};

} // namespace

Result<void> remove_csums(Workspace& workspace) {
    if (workspace.freed_data.empty()) {
        return {};
    }
    BTRKIT_TRY_ASSIGN(auto* tree, workspace.trees.find(btrfs::csum_tree_id));
    BTRKIT_TRY(CsumRemoval(workspace, *tree).run());
    workspace.freed_data = {};
    return {};
}

} // namespace btrkit
