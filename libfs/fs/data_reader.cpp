// SPDX-License-Identifier: MIT
#include "libfs/fs/data_reader.h"

#include "libfs/base/checksum.h"

#include <cassert>

namespace btrkit {

namespace {

Problem bad_copy(ProblemCode code, Logical at, unsigned mirror, std::string detail = {}) {
    return {code, {.logical = at, .mirror = mirror}, std::move(detail)};
}

} // namespace

DataReader::DataReader(const Filesystem& filesystem, ProblemSink report)
    : filesystem_(&filesystem), report_(std::move(report)), checksums_(filesystem) {}

void DataReader::say(const Problem& problem) const {
    if (report_) {
        report_(problem);
    }
}

/// Reads from the first mirror that can be read, and says which of the list that was.
Result<void> DataReader::read_whole(Logical at, MutableBytes out, std::span<const unsigned> mirrors,
                                    std::size_t& used) {
    if (mirrors.empty()) {
        return filesystem_->read_data(at, out, 1); // fails, and knows why
    }
    std::optional<Error> first_failure;
    for (used = 0; used < mirrors.size(); ++used) {
        auto done = filesystem_->read_data(at, out, mirrors[used]);
        if (done) {
            return {};
        }
        say(bad_copy(ProblemCode::data_unreadable, at, mirrors[used], done.error().message));
        first_failure = first_failure ? std::move(first_failure) : std::move(done.error());
    }
    return std::unexpected(*first_failure);
}

/// Where no mirror can be read as a whole, each sector may still be there on one of them.
Result<void> DataReader::read_sectors(Logical at, MutableBytes out, bool verify) {
    const u32 sectorsize = filesystem_->geometry().sectorsize;
    for (std::size_t done_bytes = 0; done_bytes < out.size(); done_bytes += sectorsize) {
        BTRKIT_TRY(read(at + done_bytes, out.subspan(done_bytes, sectorsize), verify));
    }
    return {};
}

/// Reads one sector from the other mirrors until one has the checksum.
Result<void> DataReader::repair(Logical at, MutableBytes sector, const btrfs::CsumBytes& wanted,
                                std::span<const unsigned> mirrors, unsigned bad_mirror) {
    const auto type = filesystem_->geometry().csum_type;
    const Problem first = bad_copy(ProblemCode::data_checksum, at, bad_mirror);
    say(first);
    for (const unsigned mirror : mirrors) {
        if (mirror == bad_mirror) {
            continue;
        }
        if (auto done = filesystem_->read_data(at, sector, mirror); !done) {
            say(bad_copy(ProblemCode::data_unreadable, at, mirror, done.error().message));
        } else if (checksum_matches(type, sector, wanted)) {
            return {};
        } else {
            say(bad_copy(ProblemCode::data_checksum, at, mirror));
        }
    }
    return fail(ErrorKind::damaged, describe(first));
}

Result<void> DataReader::read(Logical at, MutableBytes out, bool verify) {
    const auto& geometry = filesystem_->geometry();
    const u32 sectorsize = geometry.sectorsize;
    assert(is_aligned(at.bytenr, sectorsize) && is_aligned(out.size(), sectorsize));
    const auto mirrors = filesystem_->volume().mirror_order(at);
    std::size_t used = 0;
    if (auto done = read_whole(at, out, mirrors, used); !done) {
        return mirrors.size() > 1 && out.size() > sectorsize ? read_sectors(at, out, verify) : done;
    }
    if (!verify) {
        return {};
    }
    BTRKIT_TRY_ASSIGN(const auto checksums, checksums_.find(at, out.size() / sectorsize));
    for (std::size_t i = 0; i < checksums.size(); ++i) {
        const Logical sector_at = at + i * sectorsize;
        const MutableBytes sector = out.subspan(i * sectorsize, sectorsize);
        const auto& wanted = checksums[i];
        if (!wanted) {
            return fail(ErrorKind::damaged, describe({ProblemCode::data_csum_missing, {.logical = sector_at}, {}}));
        }
        if (checksum_matches(geometry.csum_type, sector, *wanted)) {
            continue;
        }
        BTRKIT_TRY(repair(sector_at, sector, *wanted, mirrors, mirrors[used]));
    }
    return {};
}

} // namespace btrkit
