// SPDX-License-Identifier: MIT
#include "libfs/relocate/moved_csums.h"

#include "formats/btrfs/item_types.h"
#include "libfs/edit/csum_writer.h"
#include "libfs/fs/data_checksums.h"
#include "libfs/tree/csum_key.h"

namespace btrkit {

namespace {

/// As many as are looked up at once.
constexpr u64 lookup_bytes = 4 * mib;

/// Items as long as a leaf leave much of the one before them empty. So many of these fit one.
constexpr u32 items_in_leaf = 8;
/// Where most items of a stretch fill whole leaves, that is less than what so many items cost.
constexpr std::size_t long_stretch_items = 4;

/// Puts the checksums of data into the tree, stretch by stretch.
class CsumRuns {
public:
    CsumRuns(TreeBuffer& csum_tree, const Geometry& geometry)
        : tree_(csum_tree), geometry_(geometry),
          short_bytes_(round_down(btrfs::leaf_data_size(geometry.nodesize) / items_in_leaf - sizeof(btrfs::ItemHeader),
                                  geometry.csum_size_bytes)) {}

    /// Sector by sector. One that stands where the one before ends is of the same stretch.
    void add(Logical at, const std::optional<btrfs::CsumBytes>& csum) {
        if (!csum || at != end_) {
            flush();
        }
        if (!csum) {
            return;
        }
        if (bytes_.empty()) {
            start_ = at;
        }
        end_ = at + geometry_.sectorsize;
        const auto stored = std::as_bytes(std::span(*csum)).first(geometry_.csum_size_bytes);
        bytes_.insert(bytes_.end(), stored.begin(), stored.end());
        if (bytes_.size() == long_stretch_items * max_csum_item_bytes(geometry_)) {
            put(max_csum_item_bytes(geometry_));
        }
    }
    void flush() { put(short_bytes_); }

private:
    /// All of it, as items of so many bytes.
    void put(std::size_t item_bytes) {
        for (Bytes rest = bytes_; !rest.empty(); rest = rest.subspan(std::min(item_bytes, rest.size()))) {
            const Bytes body = rest.first(std::min(item_bytes, rest.size()));
            tree_.put(csum_key(start_.bytenr), body);
            start_ = start_ + body.size() / geometry_.csum_size_bytes * geometry_.sectorsize;
        }
        bytes_.clear();
    }

    TreeBuffer& tree_;
    const Geometry& geometry_;
    std::size_t short_bytes_;
    Logical start_; ///< of the open stretch
    Logical end_;
    std::vector<std::byte> bytes_;
};

Result<void> move_piece(DataChecksums& committed, CsumRuns& runs, const Geometry& geometry, Range from, u64 to) {
    BTRKIT_TRY_ASSIGN(const auto csums, committed.find({from.start}, from.length() / geometry.sectorsize));
    for (const auto& csum : csums) {
        runs.add({to}, csum);
        to += geometry.sectorsize;
    }
    return {};
}

} // namespace

Result<void> move_csums(Transaction& transaction, const AddressMap& data) {
    BTRKIT_TRY_ASSIGN(auto* tree, transaction.tree_if_any(btrfs::csum_tree_id));
    if (tree == nullptr) {
        return {};
    }
    const auto& geometry = transaction.geometry();
    DataChecksums committed(transaction.committed());
    CsumRuns runs(*tree, geometry);
    // In the order of the new places, so that neighbours share items.
    std::vector<AddressMap::Move> moves(data.moves().begin(), data.moves().end());
    std::ranges::sort(moves, {}, &AddressMap::Move::to);
    for (const auto& move : moves) {
        for (u64 done = 0; done < move.from.length(); done += lookup_bytes) {
            const u64 length = std::min(lookup_bytes, move.from.length() - done);
            BTRKIT_TRY(
                move_piece(committed, runs, geometry, range_from(move.from.start + done, length), move.to + done));
        }
        BTRKIT_TRY(transaction.relieve());
    }
    runs.flush();
    return {};
}

} // namespace btrkit
