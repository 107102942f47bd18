// SPDX-License-Identifier: MIT
#include "libfs/ops/defragment/recompress.h"

#include "libfs/base/ordered_pipeline.h"
#include "libfs/edit/compression_property.h"
#include "libfs/edit/csum_items.h"
#include "libfs/edit/data_packer.h"
#include "libfs/fs/extent_reader.h"

#include <algorithm>
#include <set>

namespace btrkit::defragment {

namespace {

/// What is read and packed at once: whole extents.
constexpr u64 slice_bytes = mib;
static_assert(slice_bytes % max_compressed_extent_bytes == 0);

/// A stretch of a planned extent.
struct Slice {
    const PlannedExtent* whole = nullptr;
    std::vector<Source> sources;
    bool is_last = false; ///< of its extent
    DataBatch batch;      ///< nothing where the extent stays as it is
    Result<void> outcome = {};
};

/// Cuts planned extents into slices.
class SliceMaker {
public:
    SliceMaker(const DataExtents& extents, const JoinRules& rules, std::span<const PlannedExtent> planned)
        : extents_(extents), rules_(rules), rest_(planned) {}

    /// Null behind the last.
    std::unique_ptr<Slice> next() {
        if (rest_.empty()) {
            return nullptr;
        }
        const auto& extent = rest_.front();
        auto slice = std::make_unique<Slice>();
        slice->whole = &extent;
        if (!is_wanted(extent)) {
            slice->is_last = true;
            rest_ = rest_.subspan(1);
            return slice;
        }
        u64 bytes = 0;
        while (source_ < extent.sources.size() && bytes < slice_bytes) {
            Source part = extent.sources[source_];
            part.begins_run = part.begins_run && done_bytes_ == 0;
            part.begin += done_bytes_;
            part.end = std::min(part.end, part.begin + (slice_bytes - bytes));
            slice->sources.push_back(part);
            bytes += part.length();
            done_bytes_ += part.length();
            if (part.end == extent.sources[source_].end) {
                ++source_;
                done_bytes_ = 0;
            }
        }
        slice->batch.pieces.push_back({.length = bytes});
        slice->batch.plain_bytes = bytes;
        slice->is_last = source_ == extent.sources.size();
        if (slice->is_last) {
            rest_ = rest_.subspan(1);
            source_ = 0;
        }
        return slice;
    }

private:
    bool is_wanted(const PlannedExtent& extent) const {
        return std::ranges::any_of(
            extent.sources, [this](const Source& source) { return is_recompressed(extents_[source.extent], rules_); });
    }

    const DataExtents& extents_;
    const JoinRules& rules_;
    std::span<const PlannedExtent> rest_;
    std::size_t source_ = 0; ///< of the first one
    u64 done_bytes_ = 0;     ///< of that source
};

class Recompression {
public:
    Recompression(Transaction& transaction, const DataExtents& extents, const JoinRules& rules, u64 limit_bytes,
                  Placed& placed)
        : transaction_(transaction), extents_(extents),
          packer_(transaction.geometry(), *rules.recompress, DataDepth::contents),
          unpacks_(rules.recompress->algorithm == btrfs::Compression::none), limit_bytes_(limit_bytes), placed_(placed),
          kept_(left_) {}

    /// For several threads at once.
    void pack(Slice& slice) {
        if (slice.batch.pieces.empty()) {
            return;
        }
        slice.batch.plain.resize(slice.batch.plain_bytes);
        const auto reader = readers_.lease([&] { return std::make_unique<ExtentReader>(transaction_.committed()); });
        std::size_t done = 0;
        for (const auto& source : slice.sources) {
            const auto out = MutableBytes(slice.batch.plain).subspan(done, source.length());
            slice.outcome = read(*reader, source, out);
            if (!slice.outcome) {
                return;
            }
            done += source.length();
        }
        packer_.pack(slice.batch);
    }

    Result<void> finish(const Slice& slice) {
        if (slice.batch.pieces.empty()) {
            left_.push_back(*slice.whole);
            return {};
        }
        BTRKIT_TRY(slice.outcome);
        BTRKIT_TRY_ASSIGN(const bool is_stored, store(slice));
        if (is_stored) {
            kept_.close();
        } else if (slice.whole->is_whole) {
            left_.push_back(*slice.whole);
        } else {
            kept_.add(slice.sources, slice.whole->file, true);
        }
        if (slice.is_last) {
            kept_.close();
            goes_on_ = false;
        }
        return {};
    }

    /// What was not packed anew, in the order of the plan.
    std::vector<PlannedExtent> take_left() && { return std::move(left_); }

private:
    Result<void> read(ExtentReader& reader, const Source& source, MutableBytes out) const {
        const auto& extent = extents_[source.extent];
        const FileExtent all = {.kind = ExtentKind::regular,
                                .length = extent.plain_bytes,
                                .compression = extent.compression,
                                .ram_bytes = extent.plain_bytes,
                                .disk = {extent.disk.start},
                                .disk_num_bytes = extent.disk.length()};
        return reader.read(all, true, source.begin, out);
    }

    /// False: it is not to be packed anew.
    Result<bool> store(const Slice& slice) {
        const bool has_packed = std::ranges::any_of(
            slice.sources, [this](const Source& source) { return extents_[source.extent].is_compressed(); });
        const bool must_go = has_packed && unpacks_;
        u64 bytes = 0;
        for (const auto& run : slice.batch.runs) {
            bytes += run.stored_bytes;
        }
        u64 old_bytes = 0;
        for (const auto& source : slice.sources) {
            old_bytes += stored_bytes(extents_[source.extent], source);
        }
        if (!must_go && (unpacks_ || bytes >= old_bytes)) {
            return false;
        }
        if (!must_go && placed_.moved_bytes + bytes > limit_bytes_) {
            placed_.lacked_room = true;
            return false;
        }
        const auto room = transaction_.take_data(bytes, true);
        if (!room && room.error().kind == ErrorKind::no_space && !must_go) {
            placed_.lacked_room = true;
            return false;
        }
        BTRKIT_TRY(room);
        placed_.moved_bytes += bytes;
        placed_.was_recompressed = true;
        BTRKIT_TRY(write(slice, room->start));
        return true;
    }

    Result<void> write(const Slice& slice, u64 at) {
        const auto& geometry = transaction_.geometry();
        BTRKIT_TRY_ASSIGN(auto* csums, transaction_.tree(btrfs::csum_tree_id));
        std::span<const Source> rest(slice.sources);
        u64 done_bytes = 0; ///< of the first of them
        for (const auto& run : slice.batch.runs) {
            BTRKIT_TRY(transaction_.write_data({at}, slice.batch.stored_of(run)));
            BTRKIT_TRY(add_csums(*csums, geometry, {at}, slice.batch.csums_of(run, geometry)));
            transaction_.add_incompat(incompat_of(run.compression));
            lay(run, at, slice.whole->is_whole, rest, done_bytes);
            at += run.stored_bytes;
        }
        return transaction_.relieve();
    }

    /// An extent for the run; what is not packed goes on in the extent before, where it stands behind it.
    void lay(const DataRun& run, u64 at, bool is_whole, std::span<const Source>& rest, u64& done_bytes) {
        auto& layout = placed_.layout;
        u64 offset = 0;
        const bool is_plain = run.compression == btrfs::Compression::none;
        if (goes_on_ && is_plain && layout.extents().back().disk.end == at &&
            layout.extents().back().plain_bytes + run.plain_bytes <= most_extent_bytes) {
            offset = layout.extents().back().plain_bytes;
            layout.lengthen_last(run.plain_bytes);
        } else {
            layout.add_extent({.disk = range_from(at, run.stored_bytes),
                               .plain_bytes = run.plain_bytes,
                               .quota_owner = extents_[rest.front().extent].quota_owner,
                               .compression = run.compression,
                               .keeps_items = is_whole});
            ++placed_.extent_count;
        }
        goes_on_ = is_plain;
        for (u64 left = run.plain_bytes; left > 0;) {
            const Source& source = rest.front();
            const u64 length = std::min(left, source.length() - done_bytes);
            const auto& old = extents_[source.extent];
            layout.age_last(old.generation, old.item_generation);
            layout.add_part({.extent = old.disk.start,
                             .offset = source.begin + done_bytes,
                             .length_bytes = length,
                             .target = layout.extents().size() - 1,
                             .target_offset = offset},
                            offset == 0 || (source.begins_run && done_bytes == 0));
            offset += length;
            left -= length;
            done_bytes += length;
            if (done_bytes == source.length()) {
                rest = rest.subspan(1);
                done_bytes = 0;
            }
        }
    }

    Transaction& transaction_;
    const DataExtents& extents_;
    DataPacker packer_;
    bool unpacks_; ///< nothing is to be packed
    u64 limit_bytes_;
    Placed& placed_;
    Pool<ExtentReader> readers_;
    std::vector<PlannedExtent> left_;
    ExtentPacker kept_;    ///< slices that stay, put together again
    bool goes_on_ = false; ///< the last extent of the layout is not packed, and of the same planned one
};

} // namespace

Result<void> recompress(Transaction& transaction, const DataExtents& extents, const JoinRules& rules,
                        std::vector<PlannedExtent>& planned, u64 limit_bytes, Placed& placed,
                        const RunContext& context) {
    u64 bytes = 0;
    for (const auto& extent : planned) {
        for (const auto& source : extent.sources) {
            bytes += source.length();
        }
    }
    context.progress.begin_phase("compressing", bytes, ProgressUnit::bytes);
    SliceMaker slices(extents, rules, planned);
    Recompression recompression(transaction, extents, rules, limit_bytes, placed);
    Result<void> outcome;
    run_ordered(
        context.parallelism, [&] { return slices.next(); }, [&](Slice& slice) { recompression.pack(slice); },
        [&](const Slice& slice) {
            outcome = context.stop.stop_requested() ? fail(ErrorKind::cancelled, "stopped; nothing was changed")
                                                    : recompression.finish(slice);
            context.progress.advance(slice.batch.plain_bytes);
            return outcome.has_value();
        });
    BTRKIT_TRY(outcome);
    planned = std::move(recompression).take_left();
    return transaction.finish_data();
}

} // namespace btrkit::defragment
