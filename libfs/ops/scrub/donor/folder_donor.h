// SPDX-License-Identifier: MIT
// A folder of the host as a donor: a backup, a copy, another mount.
#pragma once

#include "libfs/ops/scrub/donor/host_sectors.h"

namespace btrkit::scrub {

class FolderDonor final : public Donor {
public:
    /// Directories deeper below than that are not looked into by visit_all(): each on the way is held open.
    static constexpr std::size_t most_depth = 256;

    /// folder: the directory, opened for reading.
    FolderDonor(std::string name, UniqueFd folder) : name_(std::move(name)), folder_(std::move(folder)) {}

    const std::string& name() const override { return name_; }
    bool offer_at(const Wanted& wanted, u32 sectorsize, const TryBytes& accept) override;
    /// Neither follows symlinks nor enters other mounts.
    void visit_all(const Search& search, const StopToken& stop) override;

private:
    std::string name_;
    UniqueFd folder_;
};

} // namespace btrkit::scrub
