// SPDX-License-Identifier: MIT
#include "apps/common/run_main.h"
#include "apps/dump_image/dump_image.h"

int main(int argc, char** argv) {
    return btrkit::apps::run_main(argc, argv, btrkit::apps::run_dump_image);
}
