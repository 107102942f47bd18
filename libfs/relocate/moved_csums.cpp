// SPDX-License-Identifier: MIT
#include "libfs/relocate/moved_csums.h"

#include "libfs/edit/csum_items.h"
#include "libfs/fs/data_checksums.h"

namespace btrkit {

namespace {

/// As many as are looked up at once.
constexpr u64 lookup_bytes = 4 * mib;

/// The checksums of a stretch that has some, one behind the other.
class CsumRuns {
public:
    CsumRuns(TreeBuffer& csum_tree, const Geometry& geometry) : tree_(csum_tree), geometry_(geometry) {}

    /// Sector by sector, each behind the one before.
    Result<void> add(Logical at, const std::optional<btrfs::CsumBytes>& csum) {
        if (!csum) {
            return flush();
        }
        if (bytes_.empty()) {
            start_ = at;
        }
        const auto stored = std::as_bytes(std::span(*csum)).first(geometry_.csum_size_bytes);
        bytes_.insert(bytes_.end(), stored.begin(), stored.end());
        return {};
    }
    Result<void> flush() {
        const auto bytes = std::exchange(bytes_, {});
        return bytes.empty() ? Result<void>{} : add_csums(tree_, geometry_, start_, bytes);
    }

private:
    TreeBuffer& tree_;
    const Geometry& geometry_;
    Logical start_; ///< of the open stretch
    std::vector<std::byte> bytes_;
};

Result<void> move_piece(DataChecksums& committed, CsumRuns& runs, const Geometry& geometry, Range from, u64 to) {
    BTRKIT_TRY_ASSIGN(const auto csums, committed.find({from.start}, from.length() / geometry.sectorsize));
    for (const auto& csum : csums) {
        BTRKIT_TRY(runs.add({to}, csum));
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
    for (const auto& move : data.moves()) {
        CsumRuns runs(*tree, geometry);
        for (u64 done = 0; done < move.from.length(); done += lookup_bytes) {
            const u64 length = std::min(lookup_bytes, move.from.length() - done);
            BTRKIT_TRY(
                move_piece(committed, runs, geometry, range_from(move.from.start + done, length), move.to + done));
        }
        BTRKIT_TRY(runs.flush());
        transaction.workspace().freed_data.insert(move.from);
        BTRKIT_TRY(transaction.relieve());
    }
    return {};
}

} // namespace btrkit
