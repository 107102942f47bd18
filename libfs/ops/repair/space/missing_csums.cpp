// SPDX-License-Identifier: MIT
#include "libfs/ops/repair/space/missing_csums.h"

#include "libfs/base/checksum.h"
#include "libfs/edit/csum_items.h"
#include "libfs/fs/data_checksums.h"
#include "libfs/ops/repair/space/summed_data.h"

#include <fmt/format.h>

namespace btrkit::repair {

namespace {

constexpr u64 csum_step_bytes = u64{1} << 20;

class CsumMaker {
public:
    explicit CsumMaker(Transaction& transaction)
        : transaction_(&transaction), filesystem_(&transaction.committed()), there_(*filesystem_) {}

    Result<void> make(Range range) {
        const u64 sector = filesystem_->geometry().sectorsize;
        for (u64 at = range.start; at < range.end; at += csum_step_bytes) {
            const u64 length = std::min(csum_step_bytes, range.end - at);
            BTRKIT_TRY_ASSIGN(const auto sums, there_.find({at}, length / sector));
            for (std::size_t number = 0; number < sums.size();) {
                std::size_t end = number;
                while (end < sums.size() && !sums[end]) {
                    ++end;
                }
                if (end > number) {
                    BTRKIT_TRY(put({at + number * sector, at + end * sector}));
                }
                number = end + 1;
            }
        }
        return {};
    }

private:
    Result<void> put(Range range) {
        BTRKIT_TRY_ASSIGN(const auto data, read_alike(range));
        const auto& geometry = filesystem_->geometry();
        ItemBuffer sums;
        for (std::size_t at = 0; at < data.size(); at += geometry.sectorsize) {
            const auto sum = checksum(geometry.csum_type, Bytes(data).subspan(at, geometry.sectorsize));
            sums.add_bytes(std::as_bytes(std::span(sum)).first(geometry.csum_size_bytes));
        }
        BTRKIT_TRY_ASSIGN(auto* tree, transaction_->tree(btrfs::csum_tree_id));
        BTRKIT_TRY(add_csums(*tree, geometry, {range.start}, sums.bytes()));
        return transaction_->relieve();
    }

    /// What every copy that can be read holds.
    Result<std::vector<std::byte>> read_alike(Range range) const {
        std::vector<std::byte> data(range.length());
        std::vector<std::byte> other(range.length());
        bool is_read = false;
        for (unsigned mirror = 1; mirror <= filesystem_->volume().mirror_count({range.start}); ++mirror) {
            auto& into = is_read ? other : data;
            if (!filesystem_->read_data({range.start}, into, mirror)) {
                continue;
            }
            if (is_read && other != data) {
                return fail(ErrorKind::damaged, fmt::format("copies of the data at {} differ", range.start));
            }
            is_read = true;
        }
        if (!is_read) {
            return fail(ErrorKind::damaged, fmt::format("the data at {} can't be read", range.start));
        }
        return data;
    }

    Transaction* transaction_;
    const Filesystem* filesystem_;
    DataChecksums there_;
};

} // namespace

Result<void> make_missing_csums(Transaction& transaction) {
    BTRKIT_TRY_ASSIGN(const auto wanted, find_summed_data(transaction));
    CsumMaker maker(transaction);
    for (const auto& range : wanted.ranges()) {
        BTRKIT_TRY(maker.make(range));
    }
    return {};
}

} // namespace btrkit::repair
