// SPDX-License-Identifier: MIT
#include "libfs/relocate/data_copy.h"

#include "libfs/base/ordered_pipeline.h"
#include "libfs/base/pool.h"
#include "libfs/fs/data_reader.h"
#include "libfs/relocate/csum_runs.h"

namespace btrkit {

namespace {

/// What is read and written at once.
constexpr u64 piece_bytes = mib;

/// What goes to one place, from one or many.
struct Piece {
    u64 to = 0;
    std::vector<Range> from;
    std::vector<std::byte> bytes;
    std::vector<std::optional<btrfs::CsumBytes>> csums; ///< sector by sector; empty: the filesystem has none at all
    Result<void> outcome = {};
};

/// Reads pieces; one per thread.
class PieceReader {
public:
    explicit PieceReader(const Filesystem& filesystem)
        : sectorsize_(filesystem.geometry().sectorsize), checksums_(filesystem), data_(filesystem) {}

    Result<void> read(Piece& piece) {
        std::size_t done_bytes = 0;
        for (const Range from : piece.from) {
            BTRKIT_TRY(read(from, MutableBytes(piece.bytes).subspan(done_bytes, from.length()), piece.csums));
            done_bytes += from.length();
        }
        return {};
    }

private:
    /// Stretches with checksums are proven, others are what the first readable copy holds.
    Result<void> read(Range from, MutableBytes bytes, std::vector<std::optional<btrfs::CsumBytes>>& all_csums) {
        const auto found = checksums_.find({from.start}, from.length() / sectorsize_);
        if (!found && found.error().kind == ErrorKind::not_found) {
            return data_.read({from.start}, bytes, false); // the filesystem has no checksums at all
        }
        BTRKIT_TRY_ASSIGN(const auto csums, found);
        all_csums.insert(all_csums.end(), csums.begin(), csums.end());
        for (std::size_t first = 0; first < csums.size();) {
            std::size_t end = first + 1;
            while (end < csums.size() && csums[end].has_value() == csums[first].has_value()) {
                ++end;
            }
            const auto out = bytes.subspan(first * sectorsize_, (end - first) * sectorsize_);
            BTRKIT_TRY(data_.read({from.start + first * sectorsize_}, out, csums[first].has_value()));
            first = end;
        }
        return {};
    }

    u64 sectorsize_;
    DataChecksums checksums_;
    DataReader data_;
};

/// Cuts what moves into pieces, in the order of the new places.
class PieceMaker {
public:
    PieceMaker(const AddressMap& data, const ChunkMap& chunks)
        : chunks_(chunks), moves_(data.moves().begin(), data.moves().end()) {
        std::ranges::sort(moves_, {}, &AddressMap::Move::to);
    }

    /// All that is going to be written.
    RangeSet targets() const {
        RangeSet all;
        for (const auto& move : moves_) {
            all.append(move.target());
        }
        return all;
    }

    /// Null behind the last.
    std::unique_ptr<Piece> next() {
        if (index_ == moves_.size()) {
            return nullptr;
        }
        auto piece = std::make_unique<Piece>();
        piece->to = moves_[index_].to + done_bytes_;
        // Chunks are written in different ways.
        const u64 most_bytes = std::min(piece_bytes, range_of(*chunks_.find({piece->to})).end - piece->to);
        u64 bytes = 0;
        while (bytes < most_bytes && index_ < moves_.size() && moves_[index_].to + done_bytes_ == piece->to + bytes) {
            const Range from = moves_[index_].from;
            const u64 length = std::min(most_bytes - bytes, from.length() - done_bytes_);
            piece->from.push_back(range_from(from.start + done_bytes_, length));
            bytes += length;
            done_bytes_ += length;
            if (done_bytes_ == from.length()) {
                ++index_;
                done_bytes_ = 0;
            }
        }
        piece->bytes.resize(bytes);
        return piece;
    }

private:
    const ChunkMap& chunks_;
    std::vector<AddressMap::Move> moves_;
    std::size_t index_ = 0;
    u64 done_bytes_ = 0; ///< of that move
};

} // namespace

Result<void> copy_data(Transaction& transaction, const AddressMap& data, const RunContext& context) {
    const auto& committed = transaction.committed();
    auto& workspace = transaction.workspace();
    context.progress.begin_phase("moving data", data.total_bytes(), ProgressUnit::bytes);
    PieceMaker pieces(data, transaction.chunks());
    workspace.written_data = united(workspace.written_data, pieces.targets());
    Pool<PieceReader> readers;
    BTRKIT_TRY_ASSIGN(auto* csum_tree, transaction.tree_if_any(btrfs::csum_tree_id));
    std::optional<CsumRuns> csums;
    if (csum_tree != nullptr) {
        csums.emplace(*csum_tree, transaction.geometry());
    }
    Result<void> outcome;
    const auto make = [&] { return pieces.next(); };
    const auto work = [&](Piece& piece) {
        const auto reader = readers.lease([&] { return std::make_unique<PieceReader>(committed); });
        piece.outcome = reader->read(piece);
        if (piece.outcome) {
            piece.outcome = workspace.writer_to_untouched({piece.to}).write({piece.to}, piece.bytes);
        }
    };
    const auto finish = [&](Piece& piece) {
        outcome = std::move(piece.outcome);
        for (std::size_t sector = 0; outcome && sector < piece.csums.size(); ++sector) {
            csums->add({piece.to + sector * transaction.geometry().sectorsize}, piece.csums[sector]);
        }
        if (outcome) {
            outcome = transaction.relieve();
        }
        if (outcome && context.stop.stop_requested()) {
            outcome = fail(ErrorKind::cancelled, "stopped; nothing was changed");
        }
        context.progress.advance(piece.bytes.size());
        return outcome.has_value();
    };
    run_ordered(context.parallelism, make, work, finish);
    if (outcome && csums) {
        csums->flush();
    }
    return outcome;
}

} // namespace btrkit
