// SPDX-License-Identifier: MIT
// One file, or raw device, as a donor.
#pragma once

#include "libfs/io/host_file.h"
#include "libfs/ops/scrub/donor/donor.h"

namespace btrkit::scrub {

/// Who names the file says with it what it is: it stands for all files that are called so, wherever they are.
class FileDonor final : public Donor {
public:
    explicit FileDonor(HostFile file) : file_(std::move(file)) {}

    const std::string& name() const override { return file_.path(); }
    bool offer_at(const Wanted& wanted, u32 sectorsize, const TryBytes& accept) override;
    void visit_all(const Search& search, const StopToken& stop) override;

private:
    HostFile file_;
};

} // namespace btrkit::scrub
