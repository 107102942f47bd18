// SPDX-License-Identifier: MIT
#include "libfs/relocate/repack_csums.h"

#include "formats/btrfs/item_types.h"
#include "libfs/edit/csum_writer.h"
#include "libfs/tree/csum_key.h"
#include "libfs/tree/tree_search.h"

namespace btrkit {

namespace {

/// Checksums into items, as leaves have room for them one after the other.
class CsumPacker {
public:
    CsumPacker(TreeBuffer& tree, const Geometry& geometry)
        : tree_(tree), geometry_(geometry), room_bytes_(all_room()) {}

    /// Those of the sectors from `at` on. Addresses ascend.
    void add(u64 at, Bytes csums) {
        if (at != end_) {
            flush();
            start_ = at;
        }
        open_.insert(open_.end(), csums.begin(), csums.end());
        end_ = at + csums.size() / geometry_.csum_size_bytes * geometry_.sectorsize;
        while (open_.size() >= fitting_bytes()) {
            put(fitting_bytes());
        }
    }
    void flush() {
        while (!open_.empty()) {
            put(std::min(open_.size(), fitting_bytes()));
        }
    }

private:
    std::size_t all_room() const { return btrfs::leaf_data_size(geometry_.nodesize); }

    /// What the next item may have. Where the open leaf has no room it is in the next one.
    std::size_t fitting_bytes() const {
        constexpr std::size_t header_bytes = sizeof(btrfs::ItemHeader);
        const bool fits = room_bytes_ >= header_bytes + geometry_.csum_size_bytes;
        const std::size_t room = (fits ? room_bytes_ : all_room()) - header_bytes;
        return std::min<std::size_t>(round_down(room, geometry_.csum_size_bytes), max_csum_item_bytes(geometry_));
    }

    void put(std::size_t bytes) {
        const std::size_t taken = sizeof(btrfs::ItemHeader) + bytes;
        room_bytes_ = (room_bytes_ >= taken ? room_bytes_ : all_room()) - taken;
        tree_.put(csum_key(start_), Bytes(open_).first(bytes));
        open_.erase(open_.begin(), open_.begin() + static_cast<std::ptrdiff_t>(bytes));
        start_ += bytes / geometry_.csum_size_bytes * geometry_.sectorsize;
    }

    TreeBuffer& tree_;
    const Geometry& geometry_;
    std::size_t room_bytes_; ///< of the open leaf
    u64 start_ = 0;          ///< of the open stretch
    u64 end_ = 0;
    std::vector<std::byte> open_;
};

} // namespace

Result<void> repack_csums(Transaction& transaction) {
    auto& workspace = transaction.workspace();
    BTRKIT_TRY_ASSIGN(auto* buffer, transaction.tree_if_any(btrfs::csum_tree_id));
    if (buffer == nullptr) {
        return {};
    }
    BTRKIT_TRY_ASSIGN(const auto* tree, workspace.trees.find(btrfs::csum_tree_id));
    TreeSearch items(workspace.cache, tree->root.block);
    std::vector<ItemEdit> erased;
    std::vector<std::pair<u64, std::vector<std::byte>>> all;
    std::size_t bytes = 0;
    BTRKIT_TRY_ASSIGN(bool is_there, items.seek(btrfs::Key::min()));
    while (is_there) {
        if (items.key() != csum_key(items.key().offset) || bytes > workspace.room.waiting_bytes) {
            return {};
        }
        erased.push_back({.key = items.key(), .body = std::nullopt});
        all.emplace_back(items.key().offset, std::vector(items.data().begin(), items.data().end()));
        bytes += items.data().size();
        BTRKIT_TRY_ASSIGN(is_there, items.next());
    }
    buffer->apply(std::move(erased));
    CsumPacker packer(*buffer, transaction.geometry());
    for (const auto& [at, csums] : all) {
        packer.add(at, csums);
    }
    packer.flush();
    return {};
}

} // namespace btrkit
