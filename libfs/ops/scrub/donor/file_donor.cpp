// SPDX-License-Identifier: MIT
#include "libfs/ops/scrub/donor/file_donor.h"

#include "libfs/ops/scrub/donor/host_sectors.h"

namespace btrkit::scrub {

namespace {

std::string_view last_name(std::string_view path) {
    return path.substr(path.rfind('/') + 1); // npos + 1 is 0
}

} // namespace

bool FileDonor::offer_at(const Wanted& wanted, u32 sectorsize, const TryBytes& accept) {
    return wanted.file_offset && last_name(wanted.path) == last_name(name()) &&
           offer_sector(file_.fd(), *wanted.file_offset, sectorsize, accept);
}

void FileDonor::visit_all(const Search& search, const StopToken& stop) {
    SectorVisitor(search, stop).visit_file(file_.fd(), file_.size_bytes(), name());
}

} // namespace btrkit::scrub
