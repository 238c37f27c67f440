# Which compilers may build Vedette, and the flags every target shares.

if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 14)
    message(FATAL_ERROR
        "g++ ${CMAKE_CXX_COMPILER_VERSION} silently miscompiles common coroutine code (fixed in 14). "
        "Use a preset (clang 19): cmake --preset dev")
endif()

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

set(VEDETTE_SANITIZE "" CACHE STRING "Sanitizers for every target, as in -fsanitize=")
option(VEDETTE_HARDEN "Hardening flags of a release" OFF)

add_library(vedette_flags INTERFACE)
target_include_directories(vedette_flags INTERFACE "${CMAKE_SOURCE_DIR}/src")
target_compile_definitions(vedette_flags INTERFACE
    _GLIBCXX_ASSERTIONS VEDETTE_VERSION="${PROJECT_VERSION}")
target_compile_options(vedette_flags INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Wnon-virtual-dtor -Wold-style-cast
    -Woverloaded-virtual -Wimplicit-fallthrough -Werror -fno-omit-frame-pointer
    "-ffile-prefix-map=${CMAKE_SOURCE_DIR}/=")
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    # ccache can only reuse a precompiled header that carries no time stamp.
    target_compile_options(vedette_flags INTERFACE "SHELL:-Xclang -fno-pch-timestamp"
        -Wno-missing-designated-field-initializers -Wno-missing-field-initializers)
    target_link_options(vedette_flags INTERFACE -fuse-ld=lld)
endif()
if(VEDETTE_SANITIZE)
    target_compile_options(vedette_flags INTERFACE -fsanitize=${VEDETTE_SANITIZE} -fno-sanitize-recover=all)
    target_link_options(vedette_flags INTERFACE -fsanitize=${VEDETTE_SANITIZE})
endif()
if(VEDETTE_HARDEN)
    target_compile_options(vedette_flags INTERFACE
        -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fstack-clash-protection -fcf-protection -fPIE
        -ffunction-sections -fdata-sections)
    target_link_options(vedette_flags INTERFACE -pie -Wl,-z,relro,-z,now,--gc-sections)
endif()
