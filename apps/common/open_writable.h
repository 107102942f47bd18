// SPDX-License-Identifier: MIT
// From the operands to devices that are to be written.
#pragma once

#include "apps/common/messages.h"
#include "libfs/io/writable_file.h"

#include <memory>
#include <vector>

namespace btrkit::apps {

/// An error for each of them that the host uses in a way that excludes this: "IMAGE: is mounted at /mnt; CONSEQUENCE".
/// False if there is one. Ask before opening: our own lock would count.
bool are_unused(const std::vector<std::string>& images, std::string_view consequence, Messages& messages);

/// Opens what can be opened, for writing and locked against others, in the order given; an error for each of the
/// others.
std::vector<std::unique_ptr<WritableFile>> open_writable(const std::vector<std::string>& images, Messages& messages);

} // namespace btrkit::apps
