// SPDX-License-Identifier: MIT
// The file of a page.
#pragma once

#include "libfs/base/error.h"

#include <span>
#include <string>
#include <string_view>

namespace btrkit::apps {

/// Fails with usage where no page is written: what is there is no regular file, or one of the images; or no file may be
/// made there (new_file_place.h).
Result<void> check_page_place(const std::string& path, std::span<const std::string> images);

/// Makes the file, or replaces it in one step. Fails as check_page_place(), or with io.
Result<void> write_page(const std::string& path, std::string_view text, std::span<const std::string> images);

} // namespace btrkit::apps
