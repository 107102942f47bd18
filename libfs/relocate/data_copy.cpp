// SPDX-License-Identifier: MIT
#include "libfs/relocate/data_copy.h"

#include "libfs/base/ordered_pipeline.h"
#include "libfs/base/pool.h"
#include "libfs/fs/data_reader.h"

namespace btrkit {

namespace {

/// What is read and written at once.
constexpr u64 piece_bytes = mib;

struct Piece {
    Range from;
    u64 to = 0;
    std::vector<std::byte> bytes;
    Result<void> outcome;
};

/// Reads pieces; one per thread.
class PieceReader {
public:
    explicit PieceReader(const Filesystem& filesystem)
        : sectorsize_(filesystem.geometry().sectorsize), checksums_(filesystem), data_(filesystem) {}

    /// Stretches with checksums are proven, others are what the first readable copy holds.
    Result<void> read(Piece& piece) {
        piece.bytes.resize(piece.from.length());
        const auto found = checksums_.find({piece.from.start}, piece.from.length() / sectorsize_);
        if (!found && found.error().kind == ErrorKind::not_found) {
            return data_.read({piece.from.start}, piece.bytes, false); // the filesystem has no checksums at all
        }
        BTRKIT_TRY_ASSIGN(const auto csums, found);
        for (std::size_t first = 0; first < csums.size();) {
            std::size_t end = first + 1;
            while (end < csums.size() && csums[end].has_value() == csums[first].has_value()) {
                ++end;
            }
            const auto out = MutableBytes(piece.bytes).subspan(first * sectorsize_, (end - first) * sectorsize_);
            BTRKIT_TRY(data_.read({piece.from.start + first * sectorsize_}, out, csums[first].has_value()));
            first = end;
        }
        return {};
    }

private:
    u64 sectorsize_;
    DataChecksums checksums_;
    DataReader data_;
};

/// Cuts what moves into pieces.
class PieceMaker {
public:
    explicit PieceMaker(const AddressMap& data) : moves_(data.moves()) {}

    /// Null behind the last.
    std::unique_ptr<Piece> next() {
        if (index_ == moves_.size()) {
            return nullptr;
        }
        const auto& move = moves_[index_];
        auto piece = std::make_unique<Piece>();
        piece->from =
            range_from(move.from.start + done_bytes_, std::min(piece_bytes, move.from.length() - done_bytes_));
        piece->to = move.to + done_bytes_;
        done_bytes_ += piece->from.length();
        if (done_bytes_ == move.from.length()) {
            ++index_;
            done_bytes_ = 0;
        }
        return piece;
    }

private:
    std::span<const AddressMap::Move> moves_;
    std::size_t index_ = 0;
    u64 done_bytes_ = 0; ///< of that move
};

} // namespace

Result<void> copy_data(Transaction& transaction, const AddressMap& data, const RunContext& context) {
    const auto& committed = transaction.committed();
    auto& workspace = transaction.workspace();
    context.progress.begin_phase("moving data", data.total_bytes(), ProgressUnit::bytes);
    for (const auto& move : data.moves()) {
        workspace.written_data.insert(move.target());
    }
    PieceMaker pieces(data);
    Pool<PieceReader> readers;
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
        if (outcome && context.stop.stop_requested()) {
            outcome = fail(ErrorKind::cancelled, "stopped; nothing was changed");
        }
        context.progress.advance(piece.from.length());
        return outcome.has_value();
    };
    run_ordered(context.parallelism, make, work, finish);
    return outcome;
}

} // namespace btrkit
