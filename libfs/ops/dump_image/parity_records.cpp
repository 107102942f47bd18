// SPDX-License-Identifier: MIT
#include "libfs/ops/dump_image/parity_records.h"

#include "libfs/volume/raid56.h"
#include "libfs/volume/stripe_map.h"

namespace btrkit::dump_image {

namespace {

constexpr u64 stripe_bytes = btrfs::raid_stripe_length;
static_assert(stripe_bytes <= dump_format::max_record_bytes);

/// One row at a time.
class Row {
public:
    Row(const Volume& volume, DumpWriter& writer) : volume_(volume), writer_(writer) {}

    Result<void> add(const Chunk& chunk, Logical at, Bytes bytes) {
        while (!bytes.empty()) {
            const auto run = map_stripe(chunk, at, bytes.size(), 1);
            const auto place = parity_row(chunk, at);
            BTRKIT_TRY(go_to(chunk, place));
            std::ranges::copy(bytes.first(run.length),
                              data_[place.position].begin() +
                                  static_cast<std::ptrdiff_t>(place.offset_in_stripe % stripe_bytes));
            bytes = bytes.subspan(run.length);
            at = at + run.length;
        }
        return {};
    }

    Result<void> finish() {
        if (chunk_ == nullptr) {
            return {};
        }
        std::vector<std::byte> p(stripe_bytes);
        std::vector<std::byte> q(row_.q ? stripe_bytes : 0);
        compute_parity({data_.begin(), data_.end()}, p, q);
        RecordBuffer records;
        add_stripe(row_.p, p, records);
        if (row_.q) {
            add_stripe(*row_.q, q, records);
        }
        chunk_ = nullptr;
        return writer_.put(records);
    }

private:
    static u64 start_of(const ParityRow& row) { return round_down(row.offset_in_stripe, stripe_bytes); }

    Result<void> go_to(const Chunk& chunk, const ParityRow& row) {
        if (chunk_ == &chunk && start_of(row_) == start_of(row)) {
            return {};
        }
        BTRKIT_TRY(finish());
        chunk_ = &chunk;
        row_ = row;
        data_.assign(row.data.size(), std::vector<std::byte>(stripe_bytes));
        return {};
    }

    void add_stripe(u32 stripe, Bytes bytes, RecordBuffer& records) const {
        const u64 length = std::min(stripe_bytes, chunk_->stripe_length_bytes() - start_of(row_));
        const u64 devid = chunk_->stripes[stripe].devid;
        if (volume_.device_of(devid) != nullptr) {
            records.add(bytes.first(length), {{.devid = devid,
                                               .offset = chunk_->stripes[stripe].offset + start_of(row_),
                                               .from = 0,
                                               .length_bytes = static_cast<u32>(length)}});
        }
    }

    const Volume& volume_;
    DumpWriter& writer_;
    const Chunk* chunk_ = nullptr; ///< null: no row is begun
    ParityRow row_;
    std::vector<std::vector<std::byte>> data_;
};

} // namespace

Result<void> put_parity(const Source& source, std::span<const u64> addresses, DumpWriter& writer) {
    std::vector<std::byte> block(source.geometry().nodesize);
    Row row(source.volume(), writer);
    for (const u64 address : addresses) {
        const Chunk* chunk = source.volume().chunks().find({address});
        const bool has_parity = chunk != nullptr && chunk->profile().parity > 0;
        if (has_parity && read_best_copy(source, address, block)) {
            BTRKIT_TRY(row.add(*chunk, {address}, block));
        }
    }
    return row.finish();
}

} // namespace btrkit::dump_image
